import { performance } from 'node:perf_hooks';
import type { EngineStatus, StoreMode } from '../observer.js';
import type { DegradedCause } from '../quota.js';
import type { Answer } from '../stores/answer.js';
import { StoreError, type Store } from '../stores/store.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { DeadlineQueue } from './deadline-queue.js';

/** Calls given to the store and not yet answered; about 2 KB each while the store is frozen. */
export const MAX_IN_FLIGHT = 4_096;
/** A connection nobody used for this long is probed, so that a dead one is found before a caller finds it. */
export const IDLE_PROBE_MS = 500;

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
  readonly #store: Pick<Store, 'probe'>;
  readonly #deadlineMs: number;
  readonly #onMode: (mode: StoreMode, cause: DegradedCause | null) => void;
  readonly #breaker = new CircuitBreaker();
  readonly #deadlines = new DeadlineQueue<Pending>((pending) => this.#declareLate(pending));
  readonly #watchdog: NodeJS.Timeout;
  #probeTimer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #lastAnswerAt = performance.now();
  #cause: DegradedCause | null = null;
  #closed = false;

  constructor(
    store: Pick<Store, 'probe'>,
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
  ask<T>(call: () => Answer<T>, dueAt: number): Promise<T | Unavailable> {
    if (this.#breaker.state !== 'closed') return NOT_ASKED['breaker-open'];
    if (this.#inFlight >= MAX_IN_FLIGHT) return NOT_ASKED.overloaded;
    return this.#send(call, dueAt, this.#breaker.period);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watchdog);
    clearTimeout(this.#probeTimer);
  }

  #send<T>(call: () => Answer<T>, dueAt: number, period: number): Promise<T | Unavailable> {
    return new Promise((resolve) => {
      const deadline = this.#deadlines.add({ giveUp: resolve as GiveUp, period }, dueAt);
      this.#inFlight++;
      Promise.resolve(call()).then(
        (result) => {
          this.#inFlight--;
          this.#lastAnswerAt = performance.now();
          if (deadline.done) return;
          deadline.done = true;
          this.#breaker.succeeded(period, this.#lastAnswerAt);
          resolve(result);
        },
        (error: unknown) => {
          this.#inFlight--;
          if (deadline.done) return;
          deadline.done = true;
          this.#failed(period, 'store-error');
          resolve({ outcome: 'unavailable', cause: 'store-error', fate: fateOf(error) });
        },
      );
    });
  }

  #declareLate({ giveUp, period }: Pending): void {
    this.#failed(period, 'timeout');
    giveUp({ outcome: 'unavailable', cause: 'timeout', fate: 'unknown' });
  }

  #failed(period: number, cause: DegradedCause): void {
    if (!this.#breaker.failed(period, performance.now())) return;
    this.#cause = cause;
    this.#onMode('degraded', cause);
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#closed) return;
    this.#probeTimer = setTimeout(() => void this.#probe(), this.#breaker.probeDelayMs).unref();
  }

  /** A probe that hangs has failed at its deadline: the next one may meet a new connection. */
  async #probe(): Promise<void> {
    this.#breaker.probing();
    const answer = await this.#send(this.#sendProbe, performance.now() + this.#deadlineMs, NO_PERIOD);
    if (answer === PROBED) {
      this.#breaker.probeSucceeded(performance.now());
      this.#cause = null;
      this.#onMode('exact', null);
    } else {
      this.#breaker.probeFailed();
      this.#scheduleProbe();
    }
  }

  readonly #sendProbe = () => this.#store.probe().then(() => PROBED);

  /** A half-open connection says nothing until it is used. */
  #probeWhenIdle(): void {
    if (performance.now() - this.#lastAnswerAt < IDLE_PROBE_MS) return;
    void this.ask(this.#sendProbe, performance.now() + this.#deadlineMs);
  }
}

/** A call in flight: how to answer its caller without the store, and the breaker's period it was asked in. */
interface Pending {
  readonly giveUp: GiveUp;
  readonly period: number;
}

type GiveUp = (answer: Unavailable) => void;

const PROBED = { outcome: 'probed' } as const;
/** A probe of the open breaker: its outcome is told to the breaker by another word. */
const NO_PERIOD = -1;

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
