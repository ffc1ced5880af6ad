import { describe, expect, it } from '@jest/globals';
import type { MeterAmounts } from '@sundial/engine/ports';
import type { PendingSettlement } from './pending-settlement.js';
import { SettlementSums } from './settlement-sums.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const MAX = Number.MAX_SAFE_INTEGER;
const LIMIT = {
  field: 'd',
  max: 10,
  enforced: true,
  bounds: [NOW, NOW + 1, NOW + 2],
  windowIndex: 'current',
  rule: { id: 'r' },
} as const;
const LIMITS = [LIMIT, { ...LIMIT, field: '(day|tokens)', meter: 'tokens' }];

let attempts = 0;

function pending(amount: number, amounts?: MeterAmounts): PendingSettlement {
  const attempt = `attempt-${attempts++}`;
  return {
    settlement: {
      counters: [{ key: 'k', shardGroup: 'g', limits: LIMITS }],
      operation: { id: attempt, content: '1', attempt },
      amount,
      amounts,
      intent: 'count',
      decidedAt: NOW,
    },
    degraded: { cause: 'timeout', policy: 'local' },
    executionStatus: 'not-executed',
    decidedAt: NOW,
    resource: 'chat',
  };
}

const of = (sum: PendingSettlement | undefined) => {
  const { amount, amounts } = sum!.settlement;
  return [amount, amounts, sum!.operations];
};

describe('Sums of settlements', () => {
  it('add up what each meter was taken of', () => {
    const sums = new SettlementSums();
    expect(of(sums.add(pending(1)))).toEqual([1, undefined, 1]);
    expect(of(sums.add(pending(2, { tokens: 40 })))).toEqual([3, { tokens: 40 }, 2]);
    expect(of(sums.add(pending(0, { tokens: 2, constructor: 7 })))).toEqual([
      ...[3, { tokens: 42, constructor: 7 }, 3],
    ]);
    expect(of(sums.add(pending(1, { tokens: MAX })))).toEqual([4, { tokens: MAX, constructor: 7 }, 4]);
  });

  it('are what they were before without an operation that was taken off again', () => {
    const sums = new SettlementSums();
    sums.add(pending(1, { tokens: 5 }));
    const [second, third] = [pending(2, { tokens: 40, pages: 1 }), pending(3)];
    sums.add(second);
    const sum = sums.add(third)!;
    expect(of(sums.takeOff(second, sum))).toEqual([4, { tokens: 5 }, 2]);
    sums.end(sum);
    expect(sums.takeOff(third, sum)).toBeUndefined();
  });
});
