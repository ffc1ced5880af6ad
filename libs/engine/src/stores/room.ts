import { amountOf, type MeterAmounts } from '../operations/amounts.js';
import type { Counts } from './store.js';

/** Whether every limit that enforces has room for what it takes, on top of what is used. */
export function hasRoom(counts: Counts, amount: number, amounts: MeterAmounts | undefined): boolean {
  for (const { limit, used } of counts) {
    if (!limit.enforced) continue;
    const takes = amountOf(limit, amount, amounts);
    if (takes > 0 && used + takes > limit.max) return false;
  }
  return true;
}
