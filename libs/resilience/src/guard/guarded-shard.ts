import { performance } from 'node:perf_hooks';
import type { DegradedCause } from '@sundial/contract';
import { CircuitBreaker, type BreakerState } from './circuit-breaker.js';

/**
 * One part of the store that fails on its own, as the guard knows it: its breaker, why that opened, and the probes
 * that are sent to this part while it is open.
 */
export class GuardedShard {
  readonly #breaker = new CircuitBreaker();
  readonly #probe: (shard: GuardedShard) => Promise<boolean>;
  readonly #changed: (shard: GuardedShard) => void;
  #cause: DegradedCause | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isLeft = false;
  /** When it last answered anything, and when a caller last wanted something of it (monotonic). */
  lastAnswerAt = performance.now();
  lastAskedAt = performance.now();
  /** It has been silent, or a call to it and others failed, and probes are on their way to find out whether it is away. */
  isSuspected = false;

  constructor(
    /** A shard group that lives there: whatever is asked of the shard itself is asked with it. */
    public group: string,
    options: {
      /** Asks the shard itself; false when it does not answer in time. */
      readonly probe: (shard: GuardedShard) => Promise<boolean>;
      /** Called when the breaker opens or closes. */
      readonly changed: (shard: GuardedShard) => void;
    },
  ) {
    this.#probe = options.probe;
    this.#changed = options.changed;
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  get isClosed(): boolean {
    return this.#breaker.state === 'closed';
  }

  /** Why the breaker is not closed. */
  get cause(): DegradedCause | null {
    return this.#cause;
  }

  /** Grows each time the breaker opens: what was asked before says nothing about what came after. */
  get generation(): number {
    return this.#breaker.generation;
  }

  succeeded(generation: number): void {
    this.#breaker.succeeded(generation, performance.now());
  }

  failed(generation: number, cause: DegradedCause): void {
    if (!this.#breaker.failed(generation, performance.now())) return;
    this.#cause = cause;
    this.#changed(this);
    this.#scheduleProbe();
  }

  /** Ends the probing. */
  leave(): void {
    this.#isLeft = true;
    clearTimeout(this.#timer);
  }

  #scheduleProbe(): void {
    if (this.#isLeft) return;
    this.#timer = setTimeout(() => void this.#sendProbe(), this.#breaker.probeDelayMs).unref();
  }

  async #sendProbe(): Promise<void> {
    this.#breaker.probing();
    if (await this.#probe(this)) {
      this.#breaker.probeSucceeded(performance.now());
      this.#cause = null;
      this.#changed(this);
    } else {
      this.#breaker.probeFailed();
      this.#scheduleProbe();
    }
  }
}
