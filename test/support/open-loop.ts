import { setTimeout as sleep } from 'node:timers/promises';

export interface OpenLoopOptions<T> {
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** Ends the calling earlier. */
  readonly signal?: AbortSignal;
  /**
   * How the loop waits for the next arrival. A `timer` counts in milliseconds and leaves the event loop to others. A
   * `nap` is exact to a twentieth of one, and blocks the event loop meanwhile: for a process that only generates load.
   */
  readonly pace?: 'timer' | 'nap';
  /** How long answers are waited for after the last arrival; default: as long as they take. */
  readonly patienceMs?: number;
  /** One call; `index` counts from 0. */
  readonly call: (index: number) => Promise<T>;
  /** Takes each arrival when it is answered, instead of the list: a list of millions makes a caller collect garbage. */
  readonly answered?: (arrival: Arrival<T>) => void;
}

interface Arrival<T> {
  readonly result: T;
  /** When it was due, from the start of the load. */
  readonly dueMs: number;
  /** From when it was due, not from when it was sent: a stalled sender hides nothing. */
  readonly latencyMs: number;
}

export interface Load<T> {
  /** The calls that were answered, in the order of their answers; none where `answered` took them. */
  readonly arrivals: readonly Arrival<T>[];
  /** What the other calls were rejected with. */
  readonly errors: readonly unknown[];
}

/** Much shorter than the answers that are measured, and long enough to leave the core to the servers. */
const NAP_MS = 0.05;

/** Calls at a constant rate, however slow the answers are, and waits for all of them. */
export async function openLoop<T>({
  ratePerSecond,
  durationMs,
  signal,
  pace = 'timer',
  patienceMs,
  call,
  answered,
}: OpenLoopOptions<T>): Promise<Load<T>> {
  const total = Math.round((ratePerSecond * durationMs) / 1_000);
  const arrivals: Arrival<T>[] = [];
  const take = answered ?? ((arrival: Arrival<T>) => void arrivals.push(arrival));
  const errors: unknown[] = [];
  const open = new OpenCalls();
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  const arrive = async (index: number, dueMs: number) => {
    open.begin();
    try {
      const result = await call(index);
      take({ result, dueMs, latencyMs: elapsed() - dueMs });
    } catch (error) {
      errors.push(error);
    } finally {
      open.end();
    }
  };
  for (let index = 0; index < total; index += 1) {
    const dueMs = (index * 1_000) / ratePerSecond;
    for (let leftMs = dueMs - elapsed(); leftMs > 0; leftMs = dueMs - elapsed())
      await (pace === 'nap' ? nap() : sleep(Math.ceil(leftMs)));
    if (signal?.aborted) break;
    void arrive(index, dueMs);
  }
  await open.none(patienceMs);
  return { arrivals, errors };
}

/** Counts calls that are not answered yet. */
class OpenCalls {
  #count = 0;
  #ended: () => void = () => undefined;

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#ended();
  }

  /** @throws Error when some are still open after so long. */
  async none(patienceMs?: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve, reject) => {
      const impatience =
        patienceMs === undefined
          ? undefined
          : setTimeout(() => reject(new Error(`${this.#count} answers are missing.`)), patienceMs);
      this.#ended = () => {
        clearTimeout(impatience);
        resolve();
      };
    });
  }
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Timers count in milliseconds, as long as the answers take; spinning would take one of the servers' cores. */
function nap(): Promise<void> {
  Atomics.wait(cell, 0, 0, NAP_MS);
  return new Promise((resolve) => setImmediate(resolve));
}
