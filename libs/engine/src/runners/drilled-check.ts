import type { DegradedCause } from '@sundial/contract';
import type { EngineDecision } from '../decisions/counted-limit.js';
import { byPolicy } from '../decisions/decision.js';
import { degradedBy, onDenyOf, strictestPolicy } from '../decisions/degrade-policy.js';
import { unenforced, UnenforcedPlanner } from '../decisions/unenforced-plan.js';
import type { PlannedCheck } from './runner.js';

/** What a drill makes of a check of a store in this process: a refusal, or what is asked instead and how its decision is shown. */
export type DrilledCheck<Check extends PlannedCheck> =
  | { readonly refusal: EngineDecision }
  | {
      readonly refusal: undefined;
      readonly check: Check;
      shown<Decision extends EngineDecision>(decision: Decision): Decision;
    };

/**
 * A store in this process is never away. In a drill that says so, the rules' degrade policies decide as they would: `deny` refuses,
 * `allow` counts whatever the limits say, and `local` is what the limits say, since no other node has a share. All is counted
 * at once.
 */
export function drilledCheck<Check extends PlannedCheck>(
  check: Check,
  cause: DegradedCause,
): DrilledCheck<Check> {
  const { plan, operationId, rulesVersion } = check;
  const policy = strictestPolicy(plan);
  const degraded = degradedBy(cause, policy);
  switch (policy) {
    case 'deny': {
      const context = { operationId, rulesVersion, degraded, onDeny: onDenyOf(plan) };
      return { refusal: byPolicy(false, [], check, context) };
    }
    case 'allow': {
      const planner = new UnenforcedPlanner(check.planner);
      return {
        refusal: undefined,
        check: { ...check, storeAway: undefined, planner, plan: unenforced(plan) },
        shown: (decision) => ({ ...decision, reason: 'degraded', degraded }),
      };
    }
    case 'local':
      return {
        refusal: undefined,
        check: { ...check, storeAway: undefined },
        shown: (decision) => ({ ...decision, degraded }),
      };
    default:
      return policy satisfies never;
  }
}
