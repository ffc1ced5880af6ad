import { describe, expect, it } from '@jest/globals';
import { rateLimitHeaders } from './rate-limit-headers.js';

const NOW = Date.parse('2026-11-22T14:29:26+08:00');

type RateLimited = Parameters<typeof rateLimitHeaders>[0];

const DAY: RateLimited['limits'][number] = {
  rule: 'ocr-per-user',
  mode: 'enforce',
  window: 'day',
  max: 10,
  remaining: 6,
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
