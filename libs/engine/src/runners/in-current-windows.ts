import type { CheckPlan } from '../decisions/check-planner.js';
import type { KeptLimit } from '../stores/own-windows.js';
import { then, type Answer } from '../stores/answer.js';
import type { Planned } from './runner.js';

/** The second is made with the clock of the store's answer. */
const MAX_OFFERS = 2;

/**
 * Asks the store in the windows of now, and once more when its clock says that they are others; then concludes from its
 * answer, which is `window-mismatch` only where the clock has gone on in between. Windows that counters keep are offered next.
 */
export function inCurrentWindows<Result extends Offered, T>(
  planned: Planned,
  store: { now(): number },
  ask: (plan: CheckPlan) => Answer<Result>,
  conclude: (plan: CheckPlan, result: Result) => Answer<T>,
): Answer<T> {
  const { planner, rules, subject } = planned;
  const offer = (plan: CheckPlan, left: number): Answer<T> =>
    then(ask(plan), (result) => {
      if (result.outcome !== 'window-mismatch' || left <= 1) return conclude(plan, result);
      result.kept?.forEach((kept) => planner.kept.note(kept));
      return offer(planner.at(rules, subject, store.now()), left - 1);
    });
  // Counters that keep other windows say so one after the other.
  return offer(planned.plan, planned.plan.own === undefined ? MAX_OFFERS : MAX_OFFERS + rules.length);
}

interface Offered {
  readonly outcome: string;
  readonly kept?: readonly KeptLimit[];
}
