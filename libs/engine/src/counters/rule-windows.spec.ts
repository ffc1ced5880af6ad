import { describe, expect, it } from '@jest/globals';
import { type Limit, type Rule, WINDOW_UNITS } from '@sundial/contract';
import { RuleWindowsCache } from './rule-windows.js';

const HOUR_MS = 3_600_000;
const NOW = Date.parse('2026-11-22T04:20:00Z');
const RULE: Rule = {
  ...{
    id: 'r',
    resource: 'ocr',
    per: ['user'],
    timeZone: 'Asia/Shanghai',
    mode: 'enforce',
    degrade: 'local',
  },
  limits: [
    { window: 'day', max: 10 },
    { window: 'hour', max: 3 },
  ],
};

describe('RuleWindowsCache', () => {
  it('offers, of each limit, the window of now and the one after it', () => {
    const { limits } = new RuleWindowsCache().at(RULE, NOW);
    const midnight = Date.parse('2026-11-22T00:00:00+08:00');
    expect(limits).toMatchObject([
      { field: 'd', max: 10, enforced: true, bounds: [0, 24, 48].map((hours) => midnight + hours * HOUR_MS) },
      { field: 'h', max: 3, enforced: true, bounds: [12, 13, 14].map((hours) => midnight + hours * HOUR_MS) },
    ]);
    expect(limits.map(({ windows: { current, next } }) => [current.startsAtMs, next.startsAtMs])).toEqual(
      limits.map(({ bounds: [current, next] }) => [current, next]),
    );
  });

  it('gives the same object while no window ends, and another one after', () => {
    const cache = new RuleWindowsCache();
    const first = cache.at(RULE, NOW);
    const endsAt = first.limits[1]!.bounds[1];
    expect(cache.at(RULE, endsAt - 1)).toBe(first);
    expect(cache.at(RULE, NOW - 19 * 60_000)).toBe(first);
    const second = cache.at(RULE, endsAt);
    expect(second.limits[1]!.bounds[0]).toBe(endsAt);
    expect(second.limits[0]!.bounds).toEqual(first.limits[0]!.bounds);
    expect(cache.at(RULE, endsAt - 1).limits).toEqual(first.limits);
  });

  it('computes those of a past instant once, and the current ones stay', () => {
    const cache = new RuleWindowsCache();
    const current = cache.at(RULE, NOW);
    const before = cache.once(RULE, NOW - HOUR_MS);
    expect(before.limits).toEqual(new RuleWindowsCache().at(RULE, NOW - HOUR_MS).limits);
    expect(cache.at(RULE, NOW)).toBe(current);
    expect(cache.once(RULE, NOW)).toBe(current);
    expect(cache.once(RULE, NOW - HOUR_MS + 1)).toBe(before);
    const earlier = cache.once(RULE, NOW - 24 * HOUR_MS);
    expect(earlier.limits[0]!.bounds[1]).toBe(current.limits[0]!.bounds[0]);
    expect(cache.at(RULE, NOW)).toBe(current);
  });

  it('goes by the rule itself: an edited one is another', () => {
    const cache = new RuleWindowsCache();
    const first = cache.at(RULE, NOW);
    const edited = { ...RULE, mode: 'observe' as const, limits: [{ window: 'day' as const, max: 20 }] };
    const { field, bounds } = first.limits[0]!;
    expect(cache.at(edited, NOW).limits).toMatchObject([
      { field, bounds, max: 20, enforced: false, rule: edited, definition: edited.limits[0] },
    ]);
    expect(cache.at(RULE, NOW)).toBe(first);
  });

  it('names every limit differently inside a counter', () => {
    const windows: readonly Limit['window'][] = [...WINDOW_UNITS, { unit: 'day', startsAt: '04:00' }];
    const { limits } = new RuleWindowsCache().at(
      {
        ...RULE,
        limits: windows.flatMap((window) => [
          { window, max: 1 },
          { window, meter: 'tokens', max: 1 },
        ]),
      },
      NOW,
    );
    expect(new Set(limits.map(({ field }) => field)).size).toBe(2 * windows.length);
  });

  describe('of a limit with a schedule', () => {
    // 12:20 in Shanghai: lunch ends at 12:40, within the hour.
    const lunch = { from: '11:00', to: '12:40', max: 7 } as const;
    const rule: Rule = { ...RULE, limits: [{ window: 'day', max: 2, when: [lunch] }] };
    const endsAt = NOW + 20 * 60_000;

    it('gives another object when it changes, of the same windows and field', () => {
      const cache = new RuleWindowsCache();
      const first = cache.at(rule, NOW);
      expect(cache.at(rule, endsAt - 1)).toBe(first);
      const second = cache.at(rule, endsAt);
      expect(second).not.toBe(first);
      expect([first, second].map(({ limits }) => limits[0]!.max)).toEqual([7, 2]);
      const { field, bounds } = first.limits[0]!;
      expect(second.limits[0]).toMatchObject({ field, bounds, enforced: true });
      expect(cache.at(rule, endsAt + 10 * HOUR_MS)).toBe(second);
      expect(cache.once(rule, NOW)).toEqual(first);
      expect(cache.at(rule, endsAt)).toBe(second);
    });

    it('goes back where the clock does, to what held then', () => {
      const cache = new RuleWindowsCache();
      cache.at(rule, endsAt);
      expect(cache.at(rule, endsAt - 1).limits[0]!.max).toBe(7);
      expect(cache.at(rule, NOW - 2 * HOUR_MS).limits[0]!.max).toBe(2);
    });

    it('enforces nothing where it is unlimited for now, or soft', () => {
      const cache = new RuleWindowsCache();
      const free: Rule = { ...RULE, limits: [{ window: 'day', max: 2, when: [{ ...lunch, max: null }] }] };
      expect([NOW, endsAt].map((at) => cache.at(free, at).limits[0]!.enforced)).toEqual([false, true]);
      const soft: Rule = { ...RULE, limits: [{ window: 'day', max: 2, soft: true }] };
      expect(cache.at(soft, NOW).limits[0]).toMatchObject({ max: 2, enforced: false });
    });
  });

  it('says the meter of a limit only where it is not units', () => {
    const limits = [
      { window: 'day', max: 1 },
      { window: 'week', meter: 'units', max: 1 },
      { window: 'day', meter: 'tokens', max: 1 },
    ] as const;
    expect(new RuleWindowsCache().at({ ...RULE, limits }, NOW).limits.map(({ meter }) => meter)).toEqual([
      undefined,
      undefined,
      'tokens',
    ]);
  });

  it('keeps limits that never end while the others of their rule move on', () => {
    const cache = new RuleWindowsCache();
    const limits = [
      { window: 'total', max: 5 },
      { window: 'hour', max: 3 },
    ] as const;
    const rule: Rule = { ...RULE, limits };
    const endless = [0, 8.64e15, 8.64e15];
    expect(cache.at(rule, NOW).limits[0]!.bounds).toEqual(endless);
    expect(cache.at(rule, NOW + HOUR_MS).limits[0]!.bounds).toEqual(endless);
    const alone: Rule = { ...RULE, limits: [limits[0]] };
    expect(cache.at(alone, NOW + 10_000 * 24 * HOUR_MS)).toBe(cache.at(alone, NOW));
  });
});
