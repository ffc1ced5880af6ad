import { describe, expect, it } from '@jest/globals';
import type { LimitState } from '@sundial/contract';
import { compare, countersExact, unitsGivenBack, windowsOf } from './counter-steps.js';

const limit = (more: Partial<LimitState>): LimitState => ({
  rule: 'a',
  mode: 'enforce',
  window: 'day',
  meter: 'units',
  timeZone: 'UTC',
  max: 10,
  source: 'rule',
  used: 0,
  reserved: 0,
  remaining: 10,
  startsAt: '2026-11-22T00:00:00Z',
  resetsAt: '2026-11-23T00:00:00Z',
  exceeded: false,
  ...more,
});
const plan = { comparedRules: new Set(['a']), amounts: { tokens: 1 } };
const windows = windowsOf([limit({}), limit({ meter: 'tokens' })]);

describe('comparing counters', () => {
  it('expects a unit of every meter for each allowed call, above what was used before', () => {
    const now = [limit({ used: 5 }), limit({ meter: 'tokens', used: 2 })];
    expect(compare(plan, windows, { before: [limit({ used: 3 })], allowed: 2 }, now)).toEqual({
      limits: 2,
      differences: [],
    });
  });

  it('names what differs', () => {
    expect(compare(plan, windows, { before: [], allowed: 2 }, [limit({ used: 1 })])).toEqual({
      limits: 1,
      differences: ['a day units: used 1, expected 2'],
    });
  });

  it.each<[string, Partial<LimitState>]>([
    ['of rules that others count in', { rule: 'shared' }],
    ['of windows that began meanwhile', { startsAt: '2026-11-23T00:00:00Z' }],
    ['of what is held at once', { window: 'concurrent' }],
  ])('leaves out those %s', (_, more) => {
    expect(compare(plan, windows, { before: [], allowed: 2 }, [limit({ used: 7, ...more })]).limits).toBe(0);
  });
});

describe('the steps about counters', () => {
  const equal = { limits: 2, differences: [] };
  const other = { limits: 1, differences: ['a day units: used 1, expected 2'] };

  it('pass where all are equal, and show the first difference else', () => {
    expect(countersExact(4, [equal, equal])).toMatchObject({
      passed: true,
      seen: '4 calls allowed, 4 counters compared',
    });
    expect(countersExact(4, [equal, other])).toMatchObject({
      passed: false,
      seen: '1 of 3 differ: a day units: used 1, expected 2',
    });
  });

  it('fail where nothing could be compared, or a call could not be reversed', () => {
    expect(countersExact(4, []).passed).toBe(false);
    expect(unitsGivenBack(4, [equal], []).passed).toBe(true);
    expect(unitsGivenBack(4, [equal], ['operation-not-found'])).toMatchObject({
      passed: false,
      seen: expect.stringContaining('1 not reversed: operation-not-found'),
    });
  });
});
