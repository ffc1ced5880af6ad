import type { OverAdmitted } from '@sundial/engine';
import { limitNamedBy, type SettleResult } from '@sundial/engine/ports';
import type { PendingSettlement } from './pending-settlement.js';

/** The limits that are above their max now that it is settled. */
export function overAdmitted(
  { settlement, resource }: PendingSettlement,
  { forced = [] }: SettleResult,
): OverAdmitted[] {
  const limits = settlement.counters.flatMap((counter) => counter.limits);
  return limits.flatMap((limit) => {
    const above = forced.find((each) => each.limit === limit);
    if (above === undefined) return [];
    const { field, max, rule } = limit;
    return { resource, rule: rule.id, ...limitNamedBy(field), max, used: above.used };
  });
}
