import { UNITS_METER, type CheckRequest, type Rule } from '@sundial/contract';
import type { EngineDecision } from './counted-limit.js';

/** The meters of a check that none of these rules counts, in order: a misspelt one is among them. */
function uncountedMeters(
  rules: readonly Rule[],
  amounts: NonNullable<CheckRequest['amounts']>,
): readonly string[] {
  const counted = metersOf(rules);
  return Object.keys(amounts)
    .filter((meter) => !counted.has(meter))
    .sort();
}

function metersOf(rules: readonly Rule[]): ReadonlySet<string> {
  let meters = knownMeters.get(rules);
  if (meters === undefined) {
    meters = new Set(rules.flatMap(({ limits }) => limits.map(({ meter = UNITS_METER }) => meter)));
    knownMeters.set(rules, meters);
  }
  return meters;
}

/** By the list of a resource's rules, which is the same object while they are the same rules. */
const knownMeters = new WeakMap<readonly Rule[], ReadonlySet<string>>();

/** A decision that says which meters of its request no rule counts. */
export function withUncounted(
  decision: EngineDecision,
  amounts: NonNullable<CheckRequest['amounts']>,
  rules: readonly Rule[],
): EngineDecision {
  const uncounted = uncountedMeters(rules, amounts);
  return uncounted.length === 0 ? decision : { ...decision, uncounted };
}
