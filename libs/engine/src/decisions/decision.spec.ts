import { describe, expect, it } from '@jest/globals';
import { RuleWindowsCache, type PlannedLimit, type RuleWindows } from '../counters/rule-windows.js';
import type { Limit, Rule, RuleMode } from '@sundial/contract';
import type { CounterRef, Counts } from '../stores/counter-ref.js';
import { byPolicy, limitStates, noRule, refused, replayed, taken } from './decision.js';

const NOW = Date.parse('2026-11-22T04:20:00Z');
const CONTEXT = { operationId: 'o1', rulesVersion: 12, degraded: null };
const ONE = { amount: 1 };
const windows = new RuleWindowsCache();

interface RuleOptions {
  readonly id?: string;
  readonly mode?: RuleMode;
  readonly onDeny?: Rule['onDeny'];
}

function ruled(limits: readonly Limit[], { id = 'r', mode = 'enforce', onDeny }: RuleOptions = {}) {
  const rule: Rule = {
    ...{ id, mode, limits, resource: 'ocr', per: ['user'], timeZone: 'Asia/Shanghai', degrade: 'local' },
    ...(onDeny && { onDeny }),
  };
  return windows.at(rule, NOW);
}

function counterOf(limits: RuleWindows['limits']): CounterRef<PlannedLimit> {
  return { key: 'k', shardGroup: 'g', limits };
}

/** The units used of each limit of these rules, all of them in the windows of now. */
function counts(rules: readonly RuleWindows[], ...used: readonly number[]): Counts<PlannedLimit> {
  return rules
    .flatMap(({ limits }) => limits.map((limit) => ({ counter: counterOf(limits), limit })))
    .map((counted, index) => ({ ...counted, windowIndex: 'current', used: used[index]!, reserved: 0 }));
}

const day = (max: number | null): Limit => ({ window: 'day', max });
const hour = (max: number): Limit => ({ window: 'hour', max });
const UNTIL_HOUR_MS = 40 * 60_000;
const UNTIL_DAY_MS = (11 * 60 + 40) * 60_000;

describe('the states of limits', () => {
  it('say all there is to say of each', () => {
    expect(limitStates(counts([ruled([day(10), hour(3)])], 4, 3), 1)).toEqual([
      {
        ...{ rule: 'r', mode: 'enforce', window: 'day', meter: 'units', timeZone: 'Asia/Shanghai' },
        ...{ max: 10, source: 'rule', used: 4, reserved: 0, remaining: 6, exceeded: false },
        ...{ startsAt: '2026-11-22T00:00:00+08:00', resetsAt: '2026-11-23T00:00:00+08:00' },
      },
      {
        ...{ rule: 'r', mode: 'enforce', window: 'hour', meter: 'units', timeZone: 'Asia/Shanghai' },
        ...{ max: 3, source: 'rule', used: 3, reserved: 0, remaining: 0, exceeded: true },
        ...{ startsAt: '2026-11-22T12:00:00+08:00', resetsAt: '2026-11-22T13:00:00+08:00' },
      },
    ]);
  });

  it('know the instants of their windows as numbers, which no copy and no JSON has', () => {
    const [state] = limitStates(counts([ruled([hour(3)])], 1), 1);
    expect([state!.startsAtMs, state!.resetsAtMs]).toEqual(
      [state!.startsAt!, state!.resetsAt!].map(Date.parse),
    );
    expect(Object.keys({ ...state })).toEqual(Object.keys(JSON.parse(JSON.stringify(state)) as object));
    expect({ ...state }).not.toHaveProperty('resetsAtMs');
  });

  it('show the window that the store counted in', () => {
    const { limits } = ruled([hour(3)]);
    const counter = counterOf(limits);
    const [state] = limitStates(
      [{ counter, limit: limits[0]!, windowIndex: 'next', used: 1, reserved: 0 }],
      0,
    );
    expect(state).toMatchObject({
      startsAt: '2026-11-22T13:00:00+08:00',
      resetsAt: '2026-11-22T14:00:00+08:00',
    });
  });

  it('never have less than nothing remaining', () => {
    expect(limitStates(counts([ruled([day(2)])], 5), 0)).toMatchObject([{ remaining: 0, exceeded: true }]);
  });

  it('have nothing remaining and nothing exceeded where there is no max', () => {
    const state = { max: null, used: 5, remaining: null, exceeded: false };
    for (const mode of ['enforce', 'observe'] as const)
      expect(limitStates(counts([ruled([day(null)], { mode })], 5), 1)).toMatchObject([{ ...state, mode }]);
  });

  it('follow one another rule by rule', () => {
    const states = limitStates(
      counts([ruled([day(1), hour(2)], { id: 'a' }), ruled([hour(3)], { id: 'b' })], 0, 0, 0),
      1,
    );
    expect(states.map(({ rule, max }) => [rule, max])).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ]);
  });
});

describe('a refusal', () => {
  const refusing = (used: Counts<PlannedLimit>, amount = 1, amounts?: Record<string, number>) =>
    refused(used, { amount, amounts }, CONTEXT, NOW);

  it('says when the limit that refuses resets', () => {
    expect(refusing(counts([ruled([day(10), hour(3)])], 4, 3))).toMatchObject({
      ...{ allowed: false, reason: 'limit-reached', retryAfterMs: UNTIL_HOUR_MS, wouldDeny: false },
      ...{ replayed: false, operationId: 'o1', rulesVersion: 12, degraded: null },
      limits: [{ exceeded: false }, { exceeded: true }],
    });
  });

  const total = (max: number): Limit => ({ window: 'total', max });
  const concurrent = (max: number): Limit => ({ window: { unit: 'concurrent' }, max });

  it('says no time where one of those that refuse never resets', () => {
    for (const limits of [[total(5)], [day(5), total(5)], [total(5), day(5)]]) {
      const decision = refusing(counts([ruled(limits)], 5, 5));
      expect(decision).toMatchObject({ allowed: false, reason: 'limit-reached' });
      expect(decision).not.toHaveProperty('retryAfterMs');
    }
    expect(refusing(counts([ruled([day(5), total(6)])], 5, 5))).toMatchObject({ retryAfterMs: UNTIL_DAY_MS });
  });

  it('leaves what is held out of the time', () => {
    expect(refusing(counts([ruled([concurrent(5)])], 5))).not.toHaveProperty('retryAfterMs');
    for (const limits of [
      [concurrent(5), day(5)],
      [day(5), concurrent(5)],
    ])
      expect(refusing(counts([ruled(limits)], 5, 5))).toMatchObject({ retryAfterMs: UNTIL_DAY_MS });
  });

  it('tells no reserve to wait for what others hold, and one that can never fit', () => {
    const reserving = (limits: readonly Limit[], amount: number) => {
      const held = counts([ruled(limits)], 0, 5).map((count, index) => ({
        ...count,
        reserved: index === 0 ? 5 : 0,
      }));
      return refused(held, { amount, hold: {} }, CONTEXT, NOW);
    };
    const full = reserving([concurrent(5)], 1);
    expect(full).toMatchObject({
      ...{ allowed: false, reason: 'limit-reached' },
      limits: [{ used: 0, reserved: 5, remaining: 0, exceeded: true }],
    });
    expect(full).not.toHaveProperty('retryAfterMs');
    expect(reserving([concurrent(5), day(5)], 1)).toMatchObject({ retryAfterMs: UNTIL_DAY_MS });
    expect(reserving([concurrent(5), day(100)], 6)).toMatchObject({ reason: 'amount-exceeds-limit' });
  });

  it('gives the latest reset of those that refuse', () => {
    expect(refusing(counts([ruled([day(4), hour(3)])], 4, 3)).retryAfterMs).toBe(UNTIL_DAY_MS);
  });

  it('makes no caller wait for a limit that only observes', () => {
    const rules = [ruled([day(0)], { id: 'a', mode: 'observe' }), ruled([hour(3)], { id: 'b' })];
    expect(refusing(counts(rules, 5, 3))).toMatchObject({ retryAfterMs: UNTIL_HOUR_MS, wouldDeny: true });
  });

  it('gives no time where waiting never helps, also when another limit is only reached', () => {
    const decision = refusing(counts([ruled([day(2), hour(9)])], 0, 9), 3);
    expect(decision.reason).toBe('amount-exceeds-limit');
    expect(decision).not.toHaveProperty('retryAfterMs');
  });

  it('is hopeless only for limits that enforce', () => {
    const rules = [ruled([day(1)], { id: 'a', mode: 'observe' }), ruled([hour(3)], { id: 'b' })];
    expect(refusing(counts(rules, 0, 3), 2).reason).toBe('limit-reached');
  });

  it('hands out what the first rule that refuses wants, and nothing of the others', () => {
    const [a, b] = [{ code: 'A' }, { code: 'B' }];
    const rules = (first: number) => [
      ruled([day(first)], { id: 'a', onDeny: a }),
      ruled([day(0)], { id: 'b', onDeny: b }),
    ];
    expect(refusing(counts(rules(0), 0, 0)).onDeny).toEqual(a);
    expect(refusing(counts(rules(5), 0, 0)).onDeny).toEqual(b);
    const silent = [ruled([day(0)], { id: 'a' }), ruled([day(0)], { id: 'b', onDeny: b })];
    expect(refusing(counts(silent, 0, 0))).not.toHaveProperty('onDeny');
    const watching = [
      ruled([day(0)], { id: 'a', mode: 'observe', onDeny: a }),
      ruled([day(0)], { id: 'b', onDeny: b }),
    ];
    expect(refusing(counts(watching, 0, 0)).onDeny).toEqual(b);
  });

  it('never asks to wait for less than nothing', () => {
    const late = NOW + 2 * UNTIL_DAY_MS;
    expect(refused(counts([ruled([hour(3)])], 3), ONE, CONTEXT, late).retryAfterMs).toBe(0);
  });

  it('goes by what each limit takes of its meter', () => {
    const limits = [day(10), { ...hour(100), meter: 'tokens' }, { ...day(100), meter: 'cny_micros' }];
    const states = counts([ruled(limits)], 10, 90, 100);
    expect(refusing(states, 0, { tokens: 11 })).toMatchObject({
      ...{ reason: 'limit-reached', retryAfterMs: UNTIL_HOUR_MS },
      limits: [{ exceeded: false }, { exceeded: true }, { exceeded: false }],
    });
    expect(refusing(states, 1, { tokens: 11 })).toMatchObject({
      ...{ reason: 'limit-reached', retryAfterMs: UNTIL_DAY_MS },
      limits: [{ exceeded: true }, { exceeded: true }, { exceeded: false }],
    });
    const hopeless = refusing(states, 1, { tokens: 101, cny_micros: 1 });
    expect(hopeless).toMatchObject({
      reason: 'amount-exceeds-limit',
      limits: [{ exceeded: true }, { exceeded: true }, { exceeded: true }],
    });
    expect(hopeless).not.toHaveProperty('retryAfterMs');
  });

  it('hands out nothing of a rule of which 0 is taken, however much is used', () => {
    const [a, b] = [{ code: 'A' }, { code: 'B' }];
    const rules = [
      ruled([{ ...day(0), meter: 'tokens' }], { id: 'a', onDeny: a }),
      ruled([day(0)], { id: 'b', onDeny: b }),
    ];
    expect(refusing(counts(rules, 9, 0)).onDeny).toEqual(b);
    expect(refusing(counts(rules, 9, 0), 1, { tokens: 1 }).onDeny).toEqual(a);
  });
});

describe('an allowance', () => {
  it('says what the rules that only observe would have said', () => {
    const rules = [ruled([day(1)], { id: 'a', mode: 'observe' }), ruled([day(9)], { id: 'b' })];
    expect(taken(counts(rules, 1, 1), ONE, CONTEXT)).toMatchObject({
      allowed: true,
      reason: 'ok',
      wouldDeny: false,
    });
    expect(taken(counts(rules, 2, 2), ONE, CONTEXT)).toMatchObject({
      allowed: true,
      reason: 'ok',
      wouldDeny: true,
    });
  });

  it('that only looks finds nothing exceeded, also above a max', () => {
    const rules = [ruled([day(1), { ...day(1), meter: 'tokens' }], { mode: 'observe' })];
    for (const takes of [{ amount: 0 }, { amount: 0, amounts: { tokens: 0 } }])
      expect(taken(counts(rules, 5, 5), takes, CONTEXT)).toMatchObject({
        ...{ allowed: true, wouldDeny: false },
        limits: [{ exceeded: false }, { exceeded: false }],
      });
    expect(taken(counts(rules, 5, 5), { amount: 0, amounts: { tokens: 1 } }, CONTEXT)).toMatchObject({
      ...{ allowed: true, wouldDeny: true },
      limits: [{ exceeded: false }, { exceeded: true }],
    });
  });

  it('that is a replay asked no limit', () => {
    expect(replayed(counts([ruled([day(1)])], 5), CONTEXT)).toMatchObject({
      ...{ allowed: true, reason: 'ok', replayed: true, wouldDeny: false },
      limits: [{ used: 5, remaining: 0, exceeded: false }],
    });
  });

  it('may be there for want of a rule, or may not', () => {
    const answer = { reason: 'no-rule', limits: [], operationId: 'o1', rulesVersion: 12, degraded: null };
    expect(noRule(true, CONTEXT)).toMatchObject({ ...answer, allowed: true });
    expect(noRule(false, CONTEXT)).toMatchObject({ ...answer, allowed: false });
    expect(noRule(true, { ...CONTEXT, hint: 'ocr' })).toMatchObject({ ...answer, hint: 'ocr' });
    expect(noRule(true, { ...CONTEXT, hint: undefined })).not.toHaveProperty('hint');
  });

  it('by policy says why, and what is known', () => {
    const degraded = { cause: 'timeout', policy: 'deny' } as const;
    const known = counts([ruled([day(1)])], 1);
    expect(byPolicy(false, known, ONE, { ...CONTEXT, degraded, onDeny: { code: 'A' } })).toMatchObject({
      ...{ allowed: false, reason: 'degraded', degraded, onDeny: { code: 'A' } },
      limits: [{ used: 1 }],
    });
  });
});
