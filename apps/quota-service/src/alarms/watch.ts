import type { AlarmSignal, Channel } from './evaluators/alarm-signal.js';
import { evaluatorOf } from './evaluators/evaluator-of.js';
import type { Evaluator, Evidence } from './evaluators/evaluator.js';
import type { AlarmPattern } from './patterns/alarm-pattern.js';

/** One time that a pattern came to hold. */
export interface Episode {
  readonly pattern: AlarmPattern;
  /** Null where the pattern watches the whole node. */
  readonly channel: Channel | null;
  readonly evidence: Evidence;
}

/** An incident began, or it is over; both carry the same object. */
export interface Notice {
  readonly kind: 'raised' | 'cleared';
  readonly episode: Episode;
}

/**
 * One pattern watching one channel, or the whole node. An incident begins when the pattern comes to hold, and is over
 * when it has not held for `clearAfterMs` without a break: what flickers is one incident, and one notification.
 */
export class Watch {
  readonly #evaluator: Evaluator;
  #episode: Episode | undefined;
  #heldAt = -Infinity;

  constructor(
    private readonly pattern: AlarmPattern,
    private readonly channel: Channel | null,
    private readonly tell: (notice: Notice) => void,
  ) {
    this.#evaluator = evaluatorOf(pattern);
  }

  note(signal: AlarmSignal, at: number): void {
    this.#evaluator.note(signal, at);
    this.judge(at);
  }

  judge(at: number): void {
    if (this.#evaluator.holds(at)) {
      this.#heldAt = at;
      if (!this.#episode) this.#begin(this.#evaluator.evidence(at));
    } else if (this.#episode && at - this.#heldAt >= this.pattern.clearAfterMs) {
      this.tell({ kind: 'cleared', episode: this.#episode });
      this.#episode = undefined;
    }
  }

  get isActive(): boolean {
    return this.#episode !== undefined;
  }

  #begin(evidence: Evidence): void {
    this.#episode = { pattern: this.pattern, channel: this.channel, evidence };
    this.tell({ kind: 'raised', episode: this.#episode });
  }
}
