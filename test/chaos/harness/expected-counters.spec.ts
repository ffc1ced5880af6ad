import { describe, expect, it } from '@jest/globals';
import type { Decision, LimitState, Pack } from '@sundial/contract';
import { accountsOf } from './accounts.js';
import type { Written } from './admin/admin-write.js';
import { packCounter } from './admin/pack-counters.js';
import { compare, errorOf, nameOf, type Counter } from './expected-counters.js';
import type { Answer, Attempt } from './history.js';
import { RULES } from './rules.js';

const COUNTER: Counter = {
  rule: 'local-per-user',
  subject: { user: 'u' },
  limit: 'month units',
  startsAt: '2026-06-01T00:00:00Z',
};
const LIMIT = {
  ...{ rule: COUNTER.rule, window: 'month', meter: 'units', startsAt: COUNTER.startsAt },
  ...{ mode: 'enforce', max: 5 },
} as unknown as LimitState;
const DEGRADED = { cause: 'timeout', policy: 'local' } as const;

function decided(more: Partial<Decision> = {}): Answer {
  const decision = { allowed: true, replayed: false, degraded: null, limits: [LIMIT], ...more } as Decision;
  return { kind: 'decided', decision };
}

function attempt(operationId: string, answer: Answer, { amount = 1, node = 'node 1' } = {}): Attempt {
  const operation = { operationId, amount, resource: 'local', subject: { user: 'u', grade: '1' } };
  return { operation, node, sentAt: 0, endedAt: 1, answer };
}

/** By how much the store is wrong when it says that so much is used. */
function errorAt(
  used: number,
  attempts: readonly Attempt[],
  isUncertain?: (attempt: Attempt) => boolean,
): number {
  const stored = new Map([[nameOf(COUNTER), { counter: COUNTER, used, reserved: 0 }]]);
  const { differences } = compare(accountsOf({ attempts }, RULES, { isUncertain }), stored);
  return differences.reduce((sum, difference) => sum + errorOf(difference), 0);
}

describe('What the store has to count', () => {
  it('is what was allowed, by the store or by policy, and nothing that was refused', () => {
    const attempts = [
      attempt('a', decided(), { amount: 2 }),
      attempt('b', decided({ degraded: DEGRADED })),
      attempt('c', decided({ allowed: false })),
    ];
    expect([2, 3, 4].map((used) => errorAt(used, attempts))).toEqual([1, 0, 1]);
  });

  it('has an operation once, however often it was asked for and whatever it was answered besides', () => {
    const attempts = [
      attempt('a', { kind: 'unanswered', why: 'ECONNRESET' }),
      attempt('a', decided({ allowed: false, degraded: DEGRADED }), { node: 'node 2' }),
      attempt('a', decided()),
      attempt('a', decided({ replayed: true })),
      attempt('a', decided({ degraded: DEGRADED }), { node: 'node 2' }),
    ];
    expect([0, 1, 2].map((used) => errorAt(used, attempts))).toEqual([1, 0, 1]);
  });

  it('is open where a node was killed before it can have written down what it had said', () => {
    const attempts = [attempt('a', decided({ degraded: DEGRADED })), attempt('b', decided())];
    const isUncertain = (attempt: Attempt) => attempt.operation.operationId === 'a';
    expect([0, 1, 2, 3].map((used) => errorAt(used, attempts, isUncertain))).toEqual([1, 0, 0, 1]);
  });

  it('is of each meter what operations took of it', () => {
    const ofTokens = { ...LIMIT, meter: 'tokens' } as LimitState;
    const both = decided({ limits: [LIMIT, ofTokens] });
    const { operation, ...rest } = attempt('a', both, { amount: 2 });
    const asked = [{ ...rest, operation: { ...operation, amounts: { tokens: 40 } } }, attempt('b', both)];
    const exact = [...accountsOf({ attempts: asked }, RULES).values()].map(({ counter, exact }) => [
      counter.limit,
      exact,
    ]);
    expect(exact).toEqual([
      ['month units', 3],
      ['month tokens', 40],
    ]);
  });

  it('is nothing where nothing was allowed', () => {
    expect(errorAt(1, [])).toBe(1);
  });
});

describe('What packs gave', () => {
  const [byUser, bySchool] = ['topped-per-user', 'topped-per-school'].map(
    (rule) => ({ ...LIMIT, rule, max: 20 }) as LimitState,
  ) as [LimitState, LimitState];
  const PLACE = { resource: 'topped', subject: { user: 'u' } };

  function taking(operationId: string, taken: number, sentAt = 0): Attempt {
    const packs = [{ id: 'p', meter: 'units', taken, remaining: 0 }];
    const asked = attempt(operationId, decided({ packs, limits: [byUser, bySchool] }), { amount: 3 });
    const operation = { ...asked.operation, ...PLACE, subject: { user: 'u', school: 's' } };
    return { ...asked, operation, sentAt, endedAt: sentAt + 1 };
  }

  it('is in no window, but in those of other shards', () => {
    const exact = (isSharded: boolean) => {
      const accounts = [...accountsOf({ attempts: [taking('a', 1)] }, RULES, { isSharded }).values()];
      return accounts.map((account) => [account.counter.rule, account.exact]);
    };
    const [user, school] = [byUser.rule, bySchool.rule];
    expect(exact(false)).toEqual([
      [user, 2],
      [school, 2],
      ['pack p', 1],
    ]);
    expect(exact(true)).toEqual([
      [user, 2],
      [school, 3],
      ['pack p', 1],
    ]);
  });

  it('may come back to a pack that was added again, and nothing else is missing in it', () => {
    const body = { ...PLACE, amount: 5, operationId: 'order' };
    const added = (sentAt: number): Written => {
      const pack = { id: 'p', meter: 'units', amount: 5, createdAt: `${sentAt}` } as Pack;
      const when = { node: 'node 1', sentAt, endedAt: sentAt + 1 };
      return { write: { verb: 'add-pack', body }, ...when, answer: { kind: 'done', pack } };
    };
    const attempts = [taking('before', 1, 50), taking('after', 2, 250)];
    const writes = [added(0), added(200)];
    const accounts = accountsOf({ attempts, writes, loss: { from: 100, to: 150 } }, RULES);
    const counter = packCounter(body, { id: 'p', meter: 'units' });
    const errors = [0, 1, 2, 3, 4].map((used) => {
      const { differences } = compare(accounts, new Map([[nameOf(counter), { counter, used, reserved: 0 }]]));
      return differences.map(errorOf);
    });
    expect(errors).toEqual([[1], [], [], [], [1]]);
  });
});

describe('What was allowed above a limit', () => {
  const overAdmitted = (attempts: readonly Attempt[], isUncertain?: (attempt: Attempt) => boolean) =>
    compare(accountsOf({ attempts }, RULES, { isUncertain }), new Map()).overAdmitted.map(
      ({ exact, max }) => exact - max,
    );

  it('is found where the store allowed it', () => {
    expect(overAdmitted([attempt('a', decided(), { amount: 5 })])).toEqual([]);
    expect(overAdmitted([attempt('a', decided(), { amount: 5 }), attempt('b', decided())])).toEqual([1]);
  });

  it('is not the fault of the store that repeats what a policy had allowed', () => {
    const byPolicy = attempt('b', decided({ degraded: DEGRADED }));
    const repeated = attempt('b', decided({ replayed: true }));
    const attempts = [attempt('a', decided(), { amount: 5 }), byPolicy, repeated];
    expect(overAdmitted(attempts)).toEqual([]);
    // Also where the node that had allowed it was killed: its journal may have had it.
    expect(overAdmitted(attempts, (attempt) => attempt === byPolicy)).toEqual([]);
    expect(compare(accountsOf({ attempts }, RULES), new Map()).unitsOverByLocal).toBe(1);
    const unheard = attempt('b', { kind: 'unanswered', why: 'the node was killed' });
    expect(overAdmitted([attempts[0]!, unheard, repeated])).toEqual([]);
    expect(overAdmitted([attempts[0]!, unheard, attempt('b', decided())])).toEqual([1]);
  });
});
