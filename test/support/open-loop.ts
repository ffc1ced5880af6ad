import { setTimeout as sleep } from 'node:timers/promises';

export interface OpenLoopOptions<T> {
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** Ends the calling earlier. */
  readonly signal?: AbortSignal;
  /** One call; `index` counts from 0. */
  readonly call: (index: number) => Promise<T>;
}

interface Arrival<T> {
  readonly result: T;
  /** When it was due, from the start of the load. */
  readonly dueMs: number;
  /** From when it was due, not from when it was sent: a stalled sender hides nothing. */
  readonly latencyMs: number;
}

export interface Load<T> {
  /** The calls that were answered, in the order of their answers. */
  readonly arrivals: readonly Arrival<T>[];
  /** What the other calls were rejected with. */
  readonly errors: readonly unknown[];
}

/** Calls at a constant rate, however slow the answers are, and waits for all of them. */
export async function openLoop<T>({
  ratePerSecond,
  durationMs,
  signal,
  call,
}: OpenLoopOptions<T>): Promise<Load<T>> {
  const total = Math.round((ratePerSecond * durationMs) / 1_000);
  const arrivals: Arrival<T>[] = [];
  const errors: unknown[] = [];
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  const arrive = async (index: number, dueMs: number) => {
    try {
      const result = await call(index);
      arrivals.push({ result, dueMs, latencyMs: elapsed() - dueMs });
    } catch (error) {
      errors.push(error);
    }
  };
  const calls: Promise<void>[] = [];
  for (let index = 0; index < total; index += 1) {
    const dueMs = (index * 1_000) / ratePerSecond;
    while (dueMs > elapsed()) await sleep(Math.ceil(dueMs - elapsed()));
    if (signal?.aborted) break;
    calls.push(arrive(index, dueMs));
  }
  await Promise.all(calls);
  return { arrivals, errors };
}

/** The value that `percent` of the values do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)];
  if (value === undefined) throw new RangeError('There is no percentile of no values.');
  return value;
}
