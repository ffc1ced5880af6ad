import type { Question } from '../decisions/question.js';
import { then, type Answer } from '../stores/answer.js';
import type { Planned } from './runner.js';

/** The second is made with the clock that the store's answer told. */
const MAX_OFFERS = 2;

/**
 * Asks the store in the windows of now, and once more when its clock says that they are others; then concludes from its
 * answer, which is `moved` only where the clock has gone on in between.
 */
export function inCurrentWindows<Result extends { readonly outcome: string }, T>(
  planned: Planned,
  store: { now(): number },
  ask: (question: Question) => Answer<Result>,
  conclude: (question: Question, result: Result) => Answer<T>,
): Answer<T> {
  const offer = (question: Question, left: number): Answer<T> =>
    then(ask(question), (result) =>
      result.outcome === 'moved' && left > 1
        ? offer(planned.planner.at(planned.rules, planned.subject, store.now()), left - 1)
        : conclude(question, result),
    );
  return offer(planned.question, MAX_OFFERS);
}
