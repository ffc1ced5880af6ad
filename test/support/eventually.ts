import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  readonly withinMs?: number;
  readonly everyMs?: number;
  /** What is waited for, for the error. Default: the text of the probe, which says little of a wrapped one. */
  readonly what?: string;
}

/**
 * Tries until the probe answers, and gives its answer. A probe that throws (an `expect` in it, say), or answers
 * false or undefined, is tried again until the time is up; then what it threw last is thrown.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  { withinMs = 5_000, everyMs = 10, what }: Patience = {},
): Promise<Exclude<T, false | undefined>> {
  const until = performance.now() + withinMs;
  for (;;) {
    const attempt = await attemptOf(probe, what);
    if ('answer' in attempt) return attempt.answer;
    if (performance.now() < until) {
      await sleep(everyMs);
      continue;
    }
    if (what === undefined) throw attempt.error;
    throw new Error(`Not within ${withinMs} ms: ${what} (${messageOf(attempt.error)})`, {
      cause: attempt.error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function attemptOf<T>(
  probe: () => T | Promise<T>,
  what?: string,
): Promise<{ answer: Exclude<T, false | undefined> } | { error: unknown }> {
  try {
    const answer = await probe();
    if (answer !== false && answer !== undefined) return { answer: answer as Exclude<T, false | undefined> };
    return { error: new Error(`still ${answer}${what === undefined ? `: ${probe}` : ''}`) };
  } catch (error) {
    return { error };
  }
}
