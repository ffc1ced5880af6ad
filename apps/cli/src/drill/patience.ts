import { setTimeout as later } from 'node:timers/promises';

/** Tries until `isDone`, or until the time is up; the last answer either way. An abort ends it by an error. */
export async function until<T>(
  attempt: () => Promise<T>,
  isDone: (answer: T) => boolean,
  {
    withinMs,
    everyMs,
    signal,
  }: { readonly withinMs: number; readonly everyMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const latest = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await attempt();
    if (isDone(answer) || performance.now() >= latest) return answer;
    await later(everyMs, undefined, { signal });
  }
}
