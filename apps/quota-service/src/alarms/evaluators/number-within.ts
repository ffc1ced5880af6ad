import type { AlarmSignal } from './alarm-signal.js';
import type { Evaluator, Evidence } from './evaluator.js';
import { SlicedCounts } from './sliced-counts.js';

interface NumberTerms {
  readonly least: number;
  readonly withinMs: number;
  /** How many a signal tells of; 0 where it is about something else. */
  readonly numberIn: (signal: AlarmSignal) => number;
  readonly evidenceOf: (number: number) => Evidence;
}

/** Holds while at least `least` things have happened in the current twentieth of `withinMs` and the 19 before it. */
export class NumberWithin implements Evaluator {
  readonly #counts: SlicedCounts;

  constructor(private readonly terms: NumberTerms) {
    this.#counts = new SlicedCounts(terms.withinMs);
  }

  note(signal: AlarmSignal, at: number): void {
    const all = this.terms.numberIn(signal);
    if (all > 0) this.#counts.add({ all, some: 0 }, at);
  }

  holds(at: number): boolean {
    return this.#counts.sum(at).all >= this.terms.least;
  }

  evidence(at: number): Evidence {
    return this.terms.evidenceOf(this.#counts.sum(at).all);
  }
}
