import type { Rule, Subject } from '@sundial/contract';
import type { PlannedLimit, RuleWindows } from '../counters/rule-windows.js';
import type { LimitSet } from '../stores/counter-ref.js';
import type { CheckPlan, Planner } from './check-planner.js';

/**
 * Plans checks of which no limit refuses: they count in the same counters, above `max` too, with or without the store. Their
 * states are those of the rules, so an answer shows what would have refused.
 */
export class UnenforcedPlanner implements Planner {
  readonly #planner: Planner;

  constructor(planner: Planner) {
    this.#planner = planner;
  }

  get kept(): Planner['kept'] {
    return this.#planner.kept;
  }

  at(rules: readonly Rule[], subject: Subject, now: number): CheckPlan {
    return unenforced(this.#planner.at(rules, subject, now));
  }

  countersAt(rules: readonly Rule[], subject: Subject, at: number): CheckPlan['counters'] {
    return this.#planner.countersAt(rules, subject, at);
  }
}

/** What a plan takes is counted, whatever its limits say. */
export function unenforced({ resource, rules, counters, scope, own }: CheckPlan): CheckPlan {
  return {
    resource,
    rules: unenforcedRules(rules),
    counters: counters.map(({ key, shardGroup, limits, hash }) => ({
      ...{ key, shardGroup, hash, place: undefined },
      limits: unenforcedLimits(limits),
    })),
    scope,
    ...(own && { own }),
  };
}

/** Without the store, too: the policy of a rule that refuses nothing is `allow`. */
function unenforcedRules(rules: readonly RuleWindows[]): readonly RuleWindows[] {
  let known = knownRules.get(rules);
  if (known === undefined) {
    known = rules.map(({ rule, limits }) => ({
      rule: { ...rule, degrade: 'allow' },
      limits: unenforcedLimits(limits),
    }));
    knownRules.set(rules, known);
  }
  return known;
}

function unenforcedLimits(limits: LimitSet<PlannedLimit>): LimitSet<PlannedLimit> {
  let known = knownLimits.get(limits);
  if (known === undefined) {
    known = limits.map((limit) => ({ ...limit, enforced: false, limitable: false }));
    knownLimits.set(limits, known);
  }
  return known;
}

/** The same objects for the same ones: stores keep what they derive from them. */
const knownRules = new WeakMap<readonly RuleWindows[], readonly RuleWindows[]>();
const knownLimits = new WeakMap<LimitSet, LimitSet<PlannedLimit>>();
