import { performance } from 'node:perf_hooks';
import type { EngineStatus, StoreMode } from '../observer.js';
import type { DegradedCause } from '../quota.js';
import { StoreError, type Store } from '../stores/store.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { DeadlineQueue } from './deadline-queue.js';

/** Calls given to the store and not yet answered; about 2 KB each while the store is frozen. */
const MAX_IN_FLIGHT = 4_096;
/** A connection nobody used for this long is probed, so that a dead one is found before a caller finds it. */
const IDLE_PROBE_MS = 500;

/** The store did not decide. `fate` says whether it may have executed the call, or still will. */
export interface Unavailable {
  readonly outcome: 'unavailable';
  readonly cause: DegradedCause;
  readonly fate: StoreError['fate'];
}

/**
 * Stands between the engine and a store that can be slow, frozen or gone: whatever the store does, an answer comes
 * by the deadline. A call in flight is counted until its reply or its socket's end, not until its deadline, so
 * that a frozen store is never owed more than `MAX_IN_FLIGHT` commands.
 */
export class StoreGuard {
  readonly #store: Store;
  readonly #deadlineMs: number;
  readonly #onMode: (mode: StoreMode, cause: DegradedCause | null) => void;
  readonly #breaker = new CircuitBreaker();
  readonly #deadlines = new DeadlineQueue<GiveUp>((giveUp) => this.#declareLate(giveUp));
  readonly #watchdog: NodeJS.Timeout;
  #probeTimer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #lastAnswerAt = performance.now();
  #cause: DegradedCause | null = null;
  #closed = false;

  constructor(
    store: Store,
    options: { deadlineMs: number; onMode?: (mode: StoreMode, cause: DegradedCause | null) => void },
  ) {
    this.#store = store;
    this.#deadlineMs = options.deadlineMs;
    this.#onMode = options.onMode ?? (() => undefined);
    this.#watchdog = setInterval(() => this.#probeWhenIdle(), IDLE_PROBE_MS).unref();
  }

  get status(): Pick<EngineStatus, 'mode' | 'cause' | 'breaker' | 'inFlight'> {
    const breaker = this.#breaker.state;
    return {
      mode: breaker === 'closed' ? 'exact' : 'degraded',
      cause: this.#cause,
      breaker,
      inFlight: this.#inFlight,
    };
  }

  /** Asks the store, and waits until `dueAt` (monotonic) at the latest. Never rejects. */
  ask<T>(call: () => Promise<T>, dueAt: number): Promise<T | Unavailable> {
    if (this.#breaker.state !== 'closed') return NOT_ASKED['breaker-open'];
    if (this.#inFlight >= MAX_IN_FLIGHT) return NOT_ASKED.overloaded;
    return new Promise((resolve) => {
      const deadline = this.#deadlines.add(resolve as GiveUp, dueAt);
      this.#inFlight++;
      call().then(
        (result) => {
          this.#inFlight--;
          this.#lastAnswerAt = performance.now();
          if (deadline.done) return;
          deadline.done = true;
          this.#breaker.succeeded(this.#lastAnswerAt);
          resolve(result);
        },
        (error: unknown) => {
          this.#inFlight--;
          if (deadline.done) return;
          deadline.done = true;
          this.#failed('store-error');
          resolve({ outcome: 'unavailable', cause: 'store-error', fate: fateOf(error) });
        },
      );
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watchdog);
    clearTimeout(this.#probeTimer);
    this.#deadlines.close();
  }

  #declareLate(giveUp: GiveUp): void {
    this.#failed('timeout');
    giveUp({ outcome: 'unavailable', cause: 'timeout', fate: 'unknown' });
  }

  #failed(cause: DegradedCause): void {
    if (!this.#breaker.failed(performance.now())) return;
    this.#cause = cause;
    this.#onMode('degraded', cause);
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#closed) return;
    this.#probeTimer = setTimeout(() => void this.#probe(), this.#breaker.probeDelayMs).unref();
  }

  async #probe(): Promise<void> {
    this.#breaker.probing();
    if (await this.#answersInTime()) {
      this.#breaker.probeSucceeded(performance.now());
      this.#cause = null;
      this.#onMode('exact', null);
    } else {
      this.#breaker.probeFailed();
      this.#scheduleProbe();
    }
  }

  async #answersInTime(): Promise<boolean> {
    const began = performance.now();
    return this.#store.probe().then(
      () => performance.now() - began <= this.#deadlineMs,
      () => false,
    );
  }

  /** A half-open connection says nothing until it is used. */
  #probeWhenIdle(): void {
    if (this.#breaker.state !== 'closed' || performance.now() - this.#lastAnswerAt < IDLE_PROBE_MS) return;
    void this.ask(() => this.#store.probe().then(() => PROBED), performance.now() + this.#deadlineMs);
  }
}

type GiveUp = (answer: Unavailable) => void;

const PROBED = { outcome: 'probed' } as const;

const NOT_ASKED = {
  'breaker-open': Promise.resolve<Unavailable>({
    outcome: 'unavailable',
    cause: 'breaker-open',
    fate: 'none',
  }),
  overloaded: Promise.resolve<Unavailable>({ outcome: 'unavailable', cause: 'overloaded', fate: 'none' }),
};

function fateOf(error: unknown): StoreError['fate'] {
  return error instanceof StoreError ? error.fate : 'unknown';
}
