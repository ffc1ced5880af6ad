import type { Rule, Subject } from '@sundial/contract';

/** The tier of a rule that a subject is in; undefined where the rule's own limits hold. */
export function tierOf({ tiers }: Rule, subject: Subject): string | undefined {
  if (tiers === undefined || !Object.hasOwn(subject, tiers.by)) return undefined;
  const tier = subject[tiers.by]!;
  return Object.hasOwn(tiers.max, tier) ? tier : undefined;
}
