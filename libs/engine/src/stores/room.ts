import { amountOf, type MeterAmounts } from '../operations/amounts.js';
import { enforcedMax } from './overrides.js';
import type { Counts } from './counter-ref.js';

/** Whether every limit that enforces has room for what it takes, on top of what is used and reserved; a hold takes `heldAmountOf`. */
export function hasRoom(
  counts: Counts,
  amount: number,
  amounts: MeterAmounts | undefined,
  takesOf: typeof amountOf = amountOf,
): boolean {
  for (const count of counts) {
    const { limit, used, reserved } = count;
    const max = enforcedMax(count);
    if (max === Infinity) continue;
    const takes = takesOf(limit, amount, amounts);
    if (takes > 0 && used + reserved + takes > max) return false;
  }
  return true;
}
