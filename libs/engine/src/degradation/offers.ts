import type { DecisionContext } from '../decisions/decision.js';
import type { Question, Questions } from '../decisions/question.js';
import type { NamedOperation } from '../operations/operation-ids.js';
import type { Rule, Subject } from '@sundial/contract';
import { then, type Answer } from '../stores/answer.js';
import type { Dispatch, ReadResult, Store, TakeResult } from '../stores/store.js';
import type { Asking, LocalCounters } from './local-counters.js';
import type { StoreGuard } from './store-guard.js';
import type { Shed, Unavailable } from './unavailable.js';

/** Offers of windows: the second is made with the clock that the store's answer told. */
const MAX_OFFERS = 2;
/** A store in this process answers before anything could be late. */
const NO_DEADLINE: Dispatch = () => Infinity;

/** What is asked of the store, as often as its clock makes necessary. */
export interface Query<T> {
  readonly rules: readonly Rule[];
  readonly subject: Subject;
  readonly amount: number;
  readonly call: (question: Question, dispatch: Dispatch) => Answer<T>;
  /** Told an answer that comes after the deadline. */
  readonly late?: (answer: T) => void;
}

/** What there is to say of a check once the store has answered or will not. */
export interface Concluding extends NamedOperation {
  readonly question: Question;
  readonly amount: number;
  readonly result: TakeResult | Unavailable | Shed;
  readonly context: DecisionContext;
  /** Monotonic. */
  readonly answerBy: () => number;
}

/** Offers questions to the store in the windows that its clock is likely in; a remote one behind its guard. */
export class Offers {
  readonly #store: Pick<Store, 'kind' | 'now'>;
  readonly #questions: Questions;
  readonly #local: LocalCounters;
  readonly #guard: StoreGuard;

  constructor(options: {
    readonly store: Pick<Store, 'kind' | 'now'>;
    readonly questions: Questions;
    readonly local: LocalCounters;
    readonly guard: StoreGuard;
  }) {
    this.#store = options.store;
    this.#questions = options.questions;
    this.#local = options.local;
    this.#guard = options.guard;
  }

  /**
   * Poses the question with the windows of now, and once more when the store's clock says that they are others; then
   * concludes from what the store said. `question` is what was posed already.
   */
  make<T extends TakeResult | ReadResult, U>(
    query: Query<T>,
    conclude: (question: Question, result: T | Unavailable | Shed) => Answer<U>,
    question = this.#questions.at(query.rules, query.subject, this.#store.now()),
    left = MAX_OFFERS,
  ): Answer<U> {
    const heard = (result: T | Unavailable | Shed): Answer<U> =>
      result.outcome === 'moved' && left > 1
        ? this.make(query, conclude, undefined, left - 1)
        : conclude(question, result);
    if (this.#store.kind === 'embedded') return then(query.call(question, NO_DEADLINE), heard);
    let asking: Asking | undefined;
    const call = (dispatch: Dispatch) => {
      asking = this.#local.asking(question.counters, query.amount);
      return query.call(question, dispatch);
    };
    const of = { resource: query.rules[0]!.resource, late: query.late };
    return this.#guard.askInTurn(call, question.counters, of).then((result) => {
      // At once: in the same turn another check may be decided by what this node knows.
      asking?.ends('counts' in result ? result.counts : undefined);
      return heard(result);
    });
  }
}
