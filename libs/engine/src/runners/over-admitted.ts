import { limitNamedBy } from '../counters/limit-field.js';
import type { CounterRef, SettledLimit, SettleResult } from '../stores/store.js';
import type { OverAdmitted } from './observer.js';

/** A limit of a rule in the window in which an operation was decided. */
export interface DecidedLimit extends SettledLimit {
  readonly rule: { readonly id: string };
}

/** The limits of these counters that are above their max now that it is settled. */
export function overAdmitted(
  resource: string,
  counters: readonly CounterRef<DecidedLimit>[],
  { forced = [] }: SettleResult,
): OverAdmitted[] {
  if (forced.length === 0) return [];
  const limits = counters.flatMap((counter) => counter.limits);
  return limits.flatMap((limit) => {
    const above = forced.find((each) => each.limit === limit);
    if (above === undefined) return [];
    const { field, max, rule } = limit;
    return { resource, rule: rule.id, ...limitNamedBy(field), max, used: above.used };
  });
}
