import { describe, expect, it } from '@jest/globals';
import { judge, type Observed, type Recorded } from './reservation-model-history.js';
import type { Call, ModelLimit, Shape } from './reservation-model.js';

const DAY = 100;
const limits = [{ meter: 'units', max: 2, window: 'day' }];
const shape: Shape = {
  limits,
  windowAt: ({ window }: ModelLimit, now: number) => (window === 'day' ? Math.floor(now / DAY) : 0),
  rememberFor: 1_000,
  rememberSettledFor: 9_000,
};

const take = (operation: number, attempt = operation): Call => ({
  ...{ verb: 'take', operation, attempt, amounts: { units: 1 }, deadline: 9_999 },
});
const hold = (operation: number, ttl: number): Call => ({
  ...{ verb: 'hold', operation, attempt: operation, amounts: { units: 1 } },
  ...{ deadline: 9_999, ttl, onExpiry: 'release' },
});
const commit = (operation: number): Call => ({ verb: 'commit', operation, attempt: operation, amounts: {} });

function recorded(call: Call, [from, to]: readonly [number, number], answer?: Observed): Recorded {
  return { call, from, to, answer };
}
const taken: Observed = { outcome: 'taken' };
const refused: Observed = { outcome: 'refused' };
const read = (at: readonly [number, number], used: number, reserved: number) =>
  recorded({ verb: 'read' }, at, { outcome: 'read', counts: [{ limit: 0, used, reserved }] });

function isAdmitted(...history: readonly Recorded[]): boolean {
  return judge(shape, history, 4).isAdmitted;
}

describe('A history of calls is admitted', () => {
  it('in the order in which it happened', () => {
    const three = [0, 1, 2].map((operation) => take(operation));
    const answered = (...answers: readonly Observed[]) =>
      three.map((call, index) => recorded(call, [index, index], answers[index]));
    expect(isAdmitted(...answered(taken, taken, refused))).toBe(true);
    expect(isAdmitted(...answered(taken, taken, taken))).toBe(false);
    expect(isAdmitted(...answered(taken, refused, taken))).toBe(false);
  });

  it('in another order where calls overlap', () => {
    const calls = [0, 1, 2].map((operation) =>
      recorded(take(operation), [5, 9], operation === 1 ? refused : taken),
    );
    expect(isAdmitted(...calls)).toBe(true);
    expect(isAdmitted(...calls.slice(1), recorded(take(0), [10, 12], taken))).toBe(false);
  });

  it('with a call whose answer was lost, whether it ran or not', () => {
    const lost = recorded(take(0), [1, 50]);
    expect(isAdmitted(lost, read([60, 60], 1, 0))).toBe(true);
    expect(isAdmitted(lost, read([60, 60], 0, 0))).toBe(true);
    expect(isAdmitted(lost, read([60, 60], 1, 0), read([70, 70], 0, 0))).toBe(false);
    expect(isAdmitted(lost, read([60, 60], 2, 0))).toBe(false);
  });

  it('when a hold expires at its instant, and not before', () => {
    const held = recorded(hold(0, 20), [10, 10], taken);
    expect(isAdmitted(held, read([29, 29], 0, 1), read([30, 30], 0, 0))).toBe(true);
    expect(isAdmitted(held, read([29, 29], 0, 0))).toBe(false);
    expect(isAdmitted(held, read([30, 30], 0, 1))).toBe(false);
    expect(isAdmitted(held, read([28, 31], 0, 0))).toBe(true);
  });

  it('when a commit after midnight counts in the window that its units came from', () => {
    const held = recorded(hold(0, 50), [90, 90], taken);
    const committed = recorded(commit(0), [110, 110], { outcome: 'committed' });
    expect(isAdmitted(held, committed, read([111, 111], 0, 0))).toBe(true);
    expect(isAdmitted(held, committed, read([111, 111], 1, 0))).toBe(false);
  });

  it('and the start that can be explained is named where it is not', () => {
    const judged = judge(shape, [recorded(take(0), [1, 1], taken), read([2, 2], 7, 0)], 1);
    expect(judged).toMatchObject({ isAdmitted: false, explained: ['1 take 0: taken'], left: [{ from: 2 }] });
  });
});
