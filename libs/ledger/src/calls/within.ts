import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for it, but not longer; what fails is no matter. */
export async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const late = new AbortController();
  const limit = sleep(ms, undefined, { signal: late.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), limit]);
  late.abort();
}
