import type { AlarmSignal, Channel } from './evaluators/alarm-signal.js';
import { evaluatorOf } from './evaluators/evaluator-of.js';
import type { Evaluator, Evidence } from './evaluators/evaluator.js';
import type { AlarmPattern } from './patterns/alarm-pattern.js';

/** One time that a pattern came to hold. */
export interface Incident {
  readonly pattern: AlarmPattern;
  /** Null where the pattern watches the whole node. */
  readonly channel: Channel | null;
  readonly evidence: Evidence;
}

/** An incident began, or it is over; both carry the same object. */
export interface Notification {
  readonly kind: 'raised' | 'cleared';
  readonly incident: Incident;
}

/**
 * One pattern watching one channel, or the whole node. An incident begins when the pattern comes to hold, and is over
 * when it has not held for `clearAfterMs` without a break: what flickers is one incident, and one notification.
 */
export class Watch {
  readonly #evaluator: Evaluator;
  #incident: Incident | undefined;
  #heldAt = -Infinity;

  constructor(
    private readonly pattern: AlarmPattern,
    private readonly channel: Channel | null,
    private readonly notify: (notification: Notification) => void,
    beganAt: number,
  ) {
    this.#evaluator = evaluatorOf(pattern, beganAt);
  }

  note(signal: AlarmSignal, at: number): void {
    this.#evaluator.note(signal, at);
    this.judge(at);
  }

  judge(at: number): void {
    if (this.#evaluator.holds(at)) {
      this.#heldAt = at;
      if (!this.#incident) this.#begin(this.#evaluator.evidence(at));
    } else if (this.#incident && at - this.#heldAt >= this.pattern.clearAfterMs) {
      this.notify({ kind: 'cleared', incident: this.#incident });
      this.#incident = undefined;
    }
  }

  get isActive(): boolean {
    return this.#incident !== undefined;
  }

  #begin(evidence: Evidence): void {
    this.#incident = { pattern: this.pattern, channel: this.channel, evidence };
    this.notify({ kind: 'raised', incident: this.#incident });
  }
}
