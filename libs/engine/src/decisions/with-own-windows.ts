import type { CheckPlan, Planner } from './check-planner.js';
import type { EngineDecision } from './counted-limit.js';

/**
 * Where the subject's own zone or billing day makes windows: notes in which windows it was decided, and adds what was amiss with the
 * subject's zone. Else the decision as it is.
 */
export function withOwnWindows<D extends EngineDecision>(
  { plan: { own, counters }, planner }: { readonly plan: CheckPlan; readonly planner: Planner },
  decision: D,
): D {
  if (own === undefined) return decision;
  planner.kept.seen(counters, decision.limits);
  if (own.warnings.length === 0) return decision;
  return { ...decision, warnings: [...own.warnings, ...(decision.warnings ?? [])] };
}
