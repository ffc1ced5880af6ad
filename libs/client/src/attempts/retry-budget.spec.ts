import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { RetryBudget } from './retry-budget.js';

describe('RetryBudget', () => {
  it('grants 10 retries in a second to a client that calls little', () => {
    const budget = new RetryBudget();
    budget.began(0);
    const granted = Array.from({ length: 30 }, () => budget.take(50)).filter(Boolean);
    expect(granted).toHaveLength(10);
    expect(budget.take(900)).toBe(false);
    expect(budget.take(1_100)).toBe(true);
  });

  it('grants a tenth of the calls to one that calls much', () => {
    const budget = new RetryBudget();
    for (let n = 0; n < 1_000; n += 1) budget.began(n / 2);
    const granted = Array.from({ length: 1_000 }, () => budget.take(500)).filter(Boolean);
    expect(granted).toHaveLength(100);
  });

  it('grants a retry just where it is within a tenth of the calls of a second, or 10, whatever the history', () => {
    const step = fc.record({ afterMs: fc.nat(400), calls: fc.nat(60), retries: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const budget = new RetryBudget();
        const calls: number[] = [];
        const granted: number[] = [];
        let now = 0;
        for (const step of steps) {
          now += step.afterMs;
          for (let n = 0; n < step.calls; n += 1) {
            budget.began(now);
            calls.push(now);
          }
          const recent = (times: readonly number[]) =>
            times.filter((at) => slotOf(at) > slotOf(now) - 10).length;
          for (let n = 0; n < step.retries; n += 1) {
            const fits = recent(granted) + 1 <= Math.max(10, recent(calls) * 0.1);
            expect(budget.take(now)).toBe(fits);
            if (fits) granted.push(now);
          }
        }
      }),
    );
  });
});

function slotOf(at: number): number {
  return Math.floor(at / 100);
}
