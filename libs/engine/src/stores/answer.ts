/** At once from a store in this process, a promise from a remote one. */
export type Answer<T> = T | Promise<T>;

/** Goes on with an answer, without a turn of the event loop where there was nothing to wait for. */
export function then<T, U>(answer: Answer<T>, next: (value: T) => Answer<U>): Answer<U> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}
