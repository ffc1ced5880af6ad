import { limitNamedBy } from '../counters/limit-field.js';
import type { CounterRef } from '../stores/counter-ref.js';
import type { SettledLimit, SettleResult } from '../stores/settlement.js';
import type { OverAdmitted, SettledUsage } from './observer.js';

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
    const { field, max, rule, enforced, reportFrom } = limit;
    if (reportFrom !== undefined && !(enforced && above.used > max)) return [];
    return { resource, rule: rule.id, ...limitNamedBy(field), max, used: above.used };
  });
}

/**
 * The limits of these counters of which a settlement says how much is used now, because they have thresholds. What is held counts as
 * used here, as it does where a settlement looks for limits that are above their max.
 */
export function settledUsage(
  resource: string,
  counters: readonly CounterRef<DecidedLimit>[],
  { forced = [] }: SettleResult,
): SettledUsage[] {
  if (forced.length === 0) return [];
  return counters.flatMap(({ key, limits }) =>
    limits.flatMap((limit) => {
      const seen = forced.find((each) => each.limit === limit);
      if (seen === undefined || limit.reportFrom === undefined) return [];
      const { field, max, bounds, windowIndex, rule } = limit;
      const [startsAtMs, resetsAtMs] =
        windowIndex === 'next' ? [bounds[1], bounds[2]] : [bounds[0], bounds[1]];
      return { resource, rule: rule.id, key, field, used: seen.used, max, startsAtMs, resetsAtMs };
    }),
  );
}
