import type { CheckPlan } from '../decisions/check-planner.js';
import { then, type Answer } from '../stores/answer.js';
import type { Planned } from './runner.js';

/** The second is made with the clock of the store's answer. */
const MAX_OFFERS = 2;

/**
 * Asks the store in the windows of now, and once more when its clock says that they are others; then concludes from its
 * answer, which is `window-mismatch` only where the clock has gone on in between.
 */
export function inCurrentWindows<Result extends { readonly outcome: string }, T>(
  planned: Planned,
  store: { now(): number },
  ask: (plan: CheckPlan) => Answer<Result>,
  conclude: (plan: CheckPlan, result: Result) => Answer<T>,
): Answer<T> {
  const offer = (plan: CheckPlan, left: number): Answer<T> =>
    then(ask(plan), (result) =>
      result.outcome === 'window-mismatch' && left > 1
        ? offer(planned.planner.at(planned.rules, planned.subject, store.now()), left - 1)
        : conclude(plan, result),
    );
  return offer(planned.plan, MAX_OFFERS);
}
