import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/**
 * Tries until the probe answers, and gives its answer. A probe that throws (an `expect` in it, say), or answers
 * false or undefined, is tried again until the time is up; then what it threw last is thrown.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  { withinMs = 5_000, everyMs = 10 }: Patience = {},
): Promise<Exclude<T, false | undefined>> {
  const until = performance.now() + withinMs;
  for (;;) {
    const attempt = await attemptOf(probe);
    if ('answer' in attempt) return attempt.answer;
    if (performance.now() >= until) throw attempt.error;
    await sleep(everyMs);
  }
}

async function attemptOf<T>(
  probe: () => T | Promise<T>,
): Promise<{ answer: Exclude<T, false | undefined> } | { error: unknown }> {
  try {
    const answer = await probe();
    if (answer !== false && answer !== undefined) return { answer: answer as Exclude<T, false | undefined> };
    return { error: new Error(`still ${answer}: ${probe}`) };
  } catch (error) {
    return { error };
  }
}
