import { describe, expect, it } from '@jest/globals';
import { rateLimitHeaders } from './rate-limit-headers.js';

const NOW = Date.parse('2026-11-22T14:29:26+08:00');

type RateLimited = Parameters<typeof rateLimitHeaders>[0];

const DAY: RateLimited['limits'][number] = {
  rule: 'ocr-per-user',
  mode: 'enforce',
  window: 'day',
  meter: 'units',
  max: 10,
  remaining: 6,
  resetsAt: '2026-11-23T00:00:00+08:00',
  startsAtMs: Date.parse('2026-11-22T00:00:00+08:00'),
  resetsAtMs: Date.parse('2026-11-23T00:00:00+08:00'),
};

function headersOf(limits: RateLimited['limits'], retryAfterMs?: number): Record<string, string> {
  return rateLimitHeaders({ limits, ...(retryAfterMs !== undefined && { retryAfterMs }) }, NOW);
}

describe('rateLimitHeaders', () => {
  it('names each limit after its rule and window, in both headers', () => {
    const hour = {
      ...DAY,
      window: 'hour',
      max: 3,
      remaining: 1,
      startsAtMs: Date.parse('2026-11-22T14:00:00+08:00'),
      resetsAtMs: Date.parse('2026-11-22T15:00:00+08:00'),
    } as const;
    expect(headersOf([DAY, hour])).toEqual({
      'ratelimit-policy': '"ocr-per-user-day";q=10;w=86400, "ocr-per-user-hour";q=3;w=3600',
      ratelimit: '"ocr-per-user-day";r=6;t=34234, "ocr-per-user-hour";r=1;t=1834',
    });
  });

  it('has no item for a soft limit, which makes no caller wait', () => {
    const soft = { ...DAY, window: 'hour', soft: true } as const;
    expect(headersOf([soft, DAY])).toEqual(headersOf([DAY]));
  });

  it('tells limits of one rule apart by window and meter, and names the meter as the quota unit', () => {
    const tokens = { ...DAY, meter: 'tokens', max: 20_000, remaining: 1_200 };
    const slots = { ...DAY, window: { unit: 'hour', every: 5, startsAt: '04:00' } } as const;
    expect(headersOf([DAY, tokens, slots])).toEqual({
      'ratelimit-policy':
        '"ocr-per-user-day";q=10;w=86400, "ocr-per-user-day|tokens";q=20000;qu="tokens";w=86400, "ocr-per-user-hour*5@04:00";q=10;w=86400',
      ratelimit:
        '"ocr-per-user-day";r=6;t=34234, "ocr-per-user-day|tokens";r=1200;t=34234, "ocr-per-user-hour*5@04:00";r=6;t=34234',
    });
  });

  it('has no window and no reset where there is no end, and the draft’s unit of what runs at once', () => {
    const endless = { ...DAY, resetsAt: null, startsAtMs: 0, resetsAtMs: 8.64e15 };
    const total = { ...endless, window: 'total' } as const;
    const tokens = { ...endless, window: { unit: 'total' }, meter: 'tokens' } as const;
    const concurrent = { ...endless, window: 'concurrent', max: 5, remaining: 3 } as const;
    expect(headersOf([total, tokens, concurrent])).toEqual({
      'ratelimit-policy':
        '"ocr-per-user-total";q=10, "ocr-per-user-total|tokens";q=10;qu="tokens", "ocr-per-user-concurrent";q=5;qu="concurrent-requests"',
      ratelimit: '"ocr-per-user-total";r=6, "ocr-per-user-total|tokens";r=6, "ocr-per-user-concurrent";r=3',
    });
  });

  it('gives a window the length it has, also on the day the clocks change', () => {
    const spring = {
      ...DAY,
      startsAtMs: Date.parse('2026-03-29T00:00:00+01:00'),
      resetsAtMs: Date.parse('2026-03-30T00:00:00+02:00'),
    };
    expect(headersOf([spring])['ratelimit-policy']).toContain('w=82800');
  });

  it('rounds the time to the reset up, and never below 0', () => {
    expect(headersOf([{ ...DAY, resetsAtMs: NOW + 1 }])['ratelimit']).toContain('t=1');
    expect(headersOf([{ ...DAY, resetsAtMs: NOW - 5_000 }])['ratelimit']).toContain('t=0');
  });

  it('stays within the 15 digits a structured field may have', () => {
    const huge = { ...DAY, max: Number.MAX_SAFE_INTEGER, remaining: Number.MAX_SAFE_INTEGER };
    expect(headersOf([huge])['ratelimit-policy']).toContain('q=999999999999999;');
    expect(headersOf([huge])['ratelimit']).toContain('r=999999999999999;');
  });

  it('has no item for a rule that only observes', () => {
    expect(headersOf([{ ...DAY, mode: 'observe' }])).toEqual({});
  });

  it('has no item for a limit without a max', () => {
    const unlimited = { ...DAY, window: 'hour', max: null, remaining: null } as const;
    expect(headersOf([unlimited])).toEqual({});
    expect(headersOf([unlimited, DAY])).toEqual(headersOf([DAY]));
  });

  it('says when to come back only where waiting helps, in seconds, rounded up', () => {
    expect(headersOf([], 1_833_001)).toEqual({ 'retry-after': '1834' });
    expect(headersOf([])).toEqual({});
  });
});
