import { performance } from 'node:perf_hooks';
import type { DegradedCause, Drill } from '@sundial/contract';
import type { Answer } from '../stores/answer.js';

/** Calls that wait for a store that does not answer, before its breaker opens. */
const FIRST_TIMEOUTS = 5;

/** A store that a drill says is frozen: the first calls wait for it until their deadline, and the others no longer. */
export class DrilledStore {
  readonly #answerMs: number;
  /** Calls that have waited, by drill. */
  readonly #timeouts = new WeakMap<Drill, number>();

  constructor(answerMs: number) {
    this.#answerMs = answerMs;
  }

  /** Why the store does not decide a call that began at `startedAt` (monotonic). */
  ask(drill: Drill, startedAt: number): Answer<DegradedCause> {
    const timeouts = this.#timeouts.get(drill) ?? 0;
    if (timeouts >= FIRST_TIMEOUTS) return 'breaker-open';
    this.#timeouts.set(drill, timeouts + 1);
    const leftMs = Math.max(0, startedAt + this.#answerMs - performance.now());
    return new Promise((resolve) => setTimeout(resolve, leftMs, 'timeout'));
  }
}
