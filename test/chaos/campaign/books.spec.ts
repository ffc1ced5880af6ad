import { describe, expect, it } from '@jest/globals';
import type { Decision, LimitState } from '@sundial/contract';
import { accountsOf, compare, errorOf, nameOf, type Counter } from './books.js';
import type { Answer, Telling } from './history.js';
import { RULES } from './rules.js';

const COUNTER: Counter = {
  rule: 'local-per-user',
  subject: { user: 'u' },
  window: 'month',
  startsAt: '2026-06-01T00:00:00Z',
};
const LIMIT = { ...COUNTER, mode: 'enforce', max: 5 } as unknown as LimitState;
const DEGRADED = { cause: 'timeout', policy: 'local' } as const;

function decided(more: Partial<Decision> = {}): Answer {
  const decision = { allowed: true, replayed: false, degraded: null, limits: [LIMIT], ...more } as Decision;
  return { kind: 'decided', decision };
}

function told(operationId: string, answer: Answer, { amount = 1, node = 'node 1' } = {}): Telling {
  const operation = { operationId, amount, resource: 'local', subject: { user: 'u', grade: '1' } };
  return { operation, node, sentAt: 0, endedAt: 1, answer };
}

/** By how much the books are wrong when they say that so much is used. */
function errorAt(
  used: number,
  tellings: readonly Telling[],
  isUncertain?: (telling: Telling) => boolean,
): number {
  const books = new Map([[nameOf(COUNTER), { counter: COUNTER, used }]]);
  const { differences } = compare(accountsOf(tellings, RULES, isUncertain), books);
  return differences.reduce((sum, difference) => sum + errorOf(difference), 0);
}

describe('What the books have to say', () => {
  it('is what was allowed, by the store or by policy, and nothing that was refused', () => {
    const tellings = [
      told('a', decided(), { amount: 2 }),
      told('b', decided({ degraded: DEGRADED })),
      told('c', decided({ allowed: false })),
    ];
    expect([2, 3, 4].map((used) => errorAt(used, tellings))).toEqual([1, 0, 1]);
  });

  it('has an operation once, however often it was asked for and whatever it was told besides', () => {
    const tellings = [
      told('a', { kind: 'unanswered', why: 'ECONNRESET' }),
      told('a', decided({ allowed: false, degraded: DEGRADED }), { node: 'node 2' }),
      told('a', decided()),
      told('a', decided({ replayed: true })),
      told('a', decided({ degraded: DEGRADED }), { node: 'node 2' }),
    ];
    expect([0, 1, 2].map((used) => errorAt(used, tellings))).toEqual([1, 0, 1]);
  });

  it('is open where a node was killed before it can have written down what it had said', () => {
    const tellings = [told('a', decided({ degraded: DEGRADED })), told('b', decided())];
    const isUncertain = (telling: Telling) => telling.operation.operationId === 'a';
    expect([0, 1, 2, 3].map((used) => errorAt(used, tellings, isUncertain))).toEqual([1, 0, 0, 1]);
  });

  it('is nothing where nothing was allowed', () => {
    expect(errorAt(1, [])).toBe(1);
  });
});

describe('What was allowed above a limit', () => {
  const overAdmitted = (tellings: readonly Telling[]) =>
    compare(accountsOf(tellings, RULES), new Map()).overAdmitted.map(({ exact, max }) => exact - max);

  it('is told where the store allowed it', () => {
    expect(overAdmitted([told('a', decided(), { amount: 5 })])).toEqual([]);
    expect(overAdmitted([told('a', decided(), { amount: 5 }), told('b', decided())])).toEqual([1]);
  });

  it('is not the fault of the store that repeats what a policy had allowed', () => {
    const byPolicy = told('b', decided({ degraded: DEGRADED }));
    const repeated = told('b', decided({ replayed: true }));
    const tellings = [told('a', decided(), { amount: 5 }), byPolicy, repeated];
    expect(overAdmitted(tellings)).toEqual([]);
    expect(compare(accountsOf(tellings, RULES), new Map()).unitsOverByLocal).toBe(1);
  });
});
