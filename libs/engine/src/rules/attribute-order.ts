import type { Rule } from '@sundial/contract';

/**
 * A rule as it is stored in the place of one with its id. The order of `per` means nothing to the operator who writes it,
 * but the first attribute names the Cluster slot of the rule's counters (`counterKey`). So the order that was stored first
 * stays, and another order starts no new counters.
 */
export function inStoredOrder(rule: Rule, current: Rule | undefined): Rule {
  if (current === undefined || !hasSameAttributes(rule.per, current.per)) return rule;
  return { ...rule, per: current.per };
}

/** Whether two rules count by the same attributes. No list names one twice. */
export function hasSameAttributes(one: Rule['per'], other: Rule['per']): boolean {
  return one.length === other.length && one.every((attribute) => other.includes(attribute));
}
