import type { AlarmSignal } from './alarm-signal.js';
import type { Evaluator, Evidence } from './evaluator.js';

/** Holds at the instants at which something is seen that should never be; `evidenceIn` finds it among the signals. */
export class Occurrences implements Evaluator {
  #seenAt = -Infinity;
  #evidence: Evidence = {};

  constructor(private readonly evidenceIn: (signal: AlarmSignal) => Evidence | undefined) {}

  note(signal: AlarmSignal, at: number): void {
    const evidence = this.evidenceIn(signal);
    if (evidence === undefined) return;
    this.#seenAt = at;
    this.#evidence = evidence;
  }

  holds(at: number): boolean {
    return at === this.#seenAt;
  }

  evidence(): Evidence {
    return this.#evidence;
  }
}
