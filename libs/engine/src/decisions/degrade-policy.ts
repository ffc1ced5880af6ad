import type { Degraded, DegradedCause, DegradePolicy, OnDeny, Rule } from '@sundial/contract';
import type { CheckPlan } from './check-planner.js';

export function degradedBy(cause: DegradedCause, policy: DegradePolicy): Degraded {
  const name = `${cause} ${policy}`;
  let degraded = knownDegraded.get(name);
  if (degraded === undefined) knownDegraded.set(name, (degraded = { cause, policy }));
  return degraded;
}

/** At most one of each cause and policy. */
const knownDegraded = new Map<string, Degraded>();

/** Rules that only observe have no say. */
export function strictestPolicy(plan: Pick<CheckPlan, 'rules'>): DegradePolicy {
  const policies = enforced(plan).map(({ degrade }) => degrade);
  if (policies.includes('deny')) return 'deny';
  return policies.includes('local') ? 'local' : 'allow';
}

/** Of the rules that want to deny; where there are none, all had to. */
export function onDenyOf(plan: CheckPlan): OnDeny | undefined {
  const rules = enforced(plan);
  const denying = rules.filter(({ degrade }) => degrade === 'deny');
  return (denying.length > 0 ? denying : rules).find(({ onDeny }) => onDeny)?.onDeny;
}

function enforced({ rules }: Pick<CheckPlan, 'rules'>): Rule[] {
  return rules.map(({ rule }) => rule).filter(({ mode }) => mode === 'enforce');
}
