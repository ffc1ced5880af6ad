import type { PlannedLimit } from '../counters/rule-windows.js';
import type { EngineDecision } from '../decisions/counted-limit.js';
import { byPolicy } from '../decisions/decision.js';
import { degradedBy, onDenyOf, strictestPolicy } from '../decisions/degrade-policy.js';
import type { CheckPlan } from '../decisions/check-planner.js';
import { then, type Answer } from '../stores/answer.js';
import { settledCounters } from '../stores/settled-limits.js';
import type { Counts } from '../stores/counter-ref.js';
import type { Store } from '../stores/store.js';
import type { PlannedCheck } from './runner.js';

/**
 * Decides for subjects that the store has no room to count, though their limits have. Policy `local` would have to
 * count them here, in memory that is bounded as well, and forget others' units for them: it refuses, as `deny` does.
 */
export class UncountedSubjects {
  readonly #store: Pick<Store, 'now' | 'settle'>;

  constructor(store: Pick<Store, 'now' | 'settle'>) {
    this.#store = store;
  }

  /** What `allow` passes is counted in those of its counters that the store has: one for all subjects is among them. */
  decide(check: PlannedCheck, plan: CheckPlan, counts: Counts<PlannedLimit>): Answer<EngineDecision> {
    const { operationId, operation, amount, amounts, rulesVersion } = check;
    const isAllowed = strictestPolicy(plan) === 'allow';
    const degraded = degradedBy('overloaded', isAllowed ? 'allow' : 'deny');
    const onDeny = isAllowed ? undefined : onDenyOf(plan);
    const context = { operationId, rulesVersion, degraded, onDeny };
    const decision = byPolicy(isAllowed, counts, check, context);
    if (!isAllowed) return decision;
    const [counters, decidedAt] = [settledCounters(counts), Math.round(this.#store.now())];
    const settled = this.#store.settle({ counters, operation, amount, amounts, intent: 'count', decidedAt });
    return then(settled, () => decision);
  }
}
