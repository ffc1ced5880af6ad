import { performance } from 'node:perf_hooks';
import { QuotaError } from '@sundial/contract';
import type { Answer } from '../stores/answer.js';
import { FairQueue } from '../stores/fair-queue.js';

/** Checks of batches that are begun and not decided: enough to keep a store busy, and few enough that single checks get by. */
export const MAX_BEGUN = 192;
/** Checks that wait to be begun, about 4 KB each with their bodies; a batch that would exceed it is shed. */
export const MAX_WAITING_CHECKS = 16_000;
/** How long batches may keep one turn of the event loop: the rest is for single checks and for replies. */
const TURN_MS = 3;
/** Checks begun before the clock is looked at again. */
const STEP = 8;

export interface BatchOptions {
  /**
   * Who brings the batch, from the outermost to the innermost, say key and connection: callers have their turns however
   * many connections each has, and connections however many checks. Default: all batches are one caller's.
   */
  readonly fairnessKeys?: readonly [string, string];
}

interface Pacing extends BatchOptions {
  /** How long checks may wait to be begun. */
  readonly deadlineMs: number;
  /** Called with how many checks are given up. */
  readonly shed?: (checks: number) => void;
}

/**
 * Begins the checks of batches as the store answers those before them, so that work that a caller brings in bulk waits
 * here and neither fills the store's queue nor keeps the event loop. Callers, their connections and resources take
 * turns. A check that could not be begun by the batch's deadline is an `overloaded` error in its place.
 */
export class BatchPacer {
  readonly #waiting = new FairQueue<BatchedCheck>();
  /** Checks that wait, of each caller that has any. */
  readonly #ofCaller = new Map<string, number>();
  #count = 0;
  #begun = 0;
  #isScheduled = false;

  /** Checks that wait to be begun. */
  get waiting(): number {
    return this.#count;
  }

  /**
   * `decide` is asked for each check in their order; what it throws or rejects with stands in that check's place, if it is
   * a `QuotaError`.
   * @throws QuotaError `overloaded` at once, when so many checks wait already: none of this batch is begun.
   */
  async run<Request extends { readonly resource: string }, T>(
    requests: readonly Request[],
    decide: (request: Request) => Answer<T>,
    { fairnessKeys: [caller, connection] = ['', ''], deadlineMs, shed = () => undefined }: Pacing,
  ): Promise<(T | QuotaError)[]> {
    if (this.#isFull(caller, requests.length)) {
      shed(requests.length);
      throw QuotaError.overloaded(
        `${this.#count} checks of batches are waiting on this node: try again later.`,
      );
    }
    return new Promise((resolve, reject) => {
      const batch = new Batch<T>(requests.length, { caller, resolve, reject });
      const timer = setTimeout(() => {
        shed(batch.left);
        this.#expire(batch as Batch<unknown>);
      }, deadlineMs).unref();
      batch.onOver = () => clearTimeout(timer);
      this.#wait(caller, requests.length);
      requests.forEach((request, index) => {
        const check = { batch: batch as Batch<unknown>, index, decide: () => decide(request) };
        this.#waiting.add(check, caller, connection, request.resource);
      });
      this.#schedule();
    });
  }

  /** A caller with less than its share of the room is let in all the same: no other's batches may keep it out. */
  #isFull(caller: string, checks: number): boolean {
    if (this.#count + checks <= MAX_WAITING_CHECKS) return false;
    const own = this.#ofCaller.get(caller) ?? 0;
    const callers = this.#ofCaller.size + (own === 0 ? 1 : 0);
    return own + checks > MAX_WAITING_CHECKS / callers;
  }

  #wait(caller: string, checks: number): void {
    this.#count += checks;
    const own = (this.#ofCaller.get(caller) ?? 0) + checks;
    if (own === 0) this.#ofCaller.delete(caller);
    else this.#ofCaller.set(caller, own);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size === 0 || this.#begun >= MAX_BEGUN) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const until = performance.now() + TURN_MS;
    this.#isScheduled = false;
    while (this.#begun < MAX_BEGUN && this.#waiting.size > 0 && performance.now() < until) {
      for (const check of this.#waiting.take(Math.min(STEP, MAX_BEGUN - this.#begun))) this.#begin(check);
    }
    this.#schedule();
  }

  #begin(check: BatchedCheck): void {
    const { batch } = check;
    if (!batch.begin(check)) return;
    this.#wait(batch.caller, -1);
    this.#begun++;
    const ended = () => {
      this.#begun--;
      this.#schedule();
    };
    const answer = batch.decide(check);
    if (answer === undefined) ended();
    else void answer.then(ended);
  }

  #expire(batch: Batch<unknown>): void {
    this.#wait(batch.caller, -batch.left);
    batch.expire();
  }
}

interface BatchedCheck {
  readonly batch: Batch<unknown>;
  /** Its place in the batch. */
  readonly index: number;
  readonly decide: () => Answer<unknown>;
}

/** The checks of one batch, and what was decided of each. */
class Batch<T> {
  readonly caller: string;
  readonly #resolve: (results: (T | QuotaError)[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #results: (T | QuotaError | undefined)[];
  #undecided: number;
  /** Checks that are not begun. */
  left: number;
  #isExpired = false;
  onOver: () => void = () => undefined;

  constructor(
    size: number,
    options: {
      readonly caller: string;
      readonly resolve: (results: (T | QuotaError)[]) => void;
      readonly reject: (error: unknown) => void;
    },
  ) {
    this.caller = options.caller;
    this.#resolve = options.resolve;
    this.#reject = options.reject;
    this.#results = new Array<T | QuotaError | undefined>(size);
    this.#undecided = this.left = size;
  }

  /** False where its time is over. */
  begin({ index }: BatchedCheck): boolean {
    if (this.#isExpired || this.#results[index] !== undefined) return false;
    this.left--;
    return true;
  }

  /** Decides one; a promise only where there is something to wait for. */
  decide({ index, decide }: BatchedCheck): Promise<void> | undefined {
    try {
      const answer = decide() as Answer<T>;
      if (!(answer instanceof Promise)) return this.#put(index, answer);
      return answer.then(
        (result) => this.#put(index, result),
        (error: unknown) => this.#fail(index, error),
      );
    } catch (error) {
      return this.#fail(index, error);
    }
  }

  /** What is not begun by now never is. */
  expire(): void {
    this.#isExpired = true;
    this.#undecided -= this.left;
    this.left = 0;
    if (this.#undecided === 0) this.#end();
  }

  #put(index: number, result: T | QuotaError): undefined {
    this.#results[index] = result;
    this.#undecided--;
    if (this.#undecided === 0) this.#end();
  }

  #fail(index: number, error: unknown): undefined {
    if (!(error instanceof QuotaError)) this.#reject(error);
    this.#put(index, error as QuotaError);
  }

  #end(): void {
    this.onOver();
    this.#resolve(Array.from(this.#results, (result) => result ?? TOO_LATE));
  }
}

const TOO_LATE = QuotaError.overloaded(
  'This check did not get its turn within the time of its batch: try it again.',
);
