import type { AlarmSignal } from './alarm-signal.js';
import type { ErrorRateTerms } from '../patterns/alarm-pattern.js';
import type { Evaluator, Evidence } from './evaluator.js';

/** Outcomes are too many to keep the time of each: they are counted in slices, and leave a slice at a time. */
const SLICES = 20;

interface Slice {
  /** Which twentieth of `withinMs` it is, counted from time 0. */
  index: number;
  outcomes: number;
  failures: number;
}

/**
 * Holds while more than `rate` of the channel's outcomes failed, and there were at least `outcomes`, in the current
 * twentieth of `withinMs` and the 19 before it.
 */
export class ErrorRate implements Evaluator {
  readonly #slices: Slice[];
  readonly #sliceMs: number;
  #lastFailure = -Infinity;

  constructor(private readonly terms: Readonly<ErrorRateTerms>) {
    this.#sliceMs = terms.withinMs / SLICES;
    this.#slices = Array.from({ length: SLICES }, () => ({ index: -Infinity, outcomes: 0, failures: 0 }));
  }

  note(signal: AlarmSignal, at: number): void {
    if (signal.kind !== 'succeeded' && signal.kind !== 'failed') return;
    const slice = this.#sliceOf(at);
    if (signal.kind === 'failed') {
      slice.failures++;
      this.#lastFailure = slice.index;
    }
    slice.outcomes += signal.kind === 'failed' ? 1 : signal.count;
  }

  holds(at: number): boolean {
    if (this.#lastFailure < this.#oldestSlice(at)) return false;
    const { outcomes, failures } = this.#sum(at);
    return outcomes >= this.terms.outcomes && failures > this.terms.rate * outcomes;
  }

  evidence(at: number): Evidence {
    const { outcomes, failures } = this.#sum(at);
    return { failures, outcomes, rate: Number((failures / outcomes).toFixed(4)) };
  }

  #sliceOf(at: number): Slice {
    const index = Math.floor(at / this.#sliceMs);
    const slice = this.#slices[index % SLICES]!;
    if (slice.index !== index) Object.assign(slice, { index, outcomes: 0, failures: 0 });
    return slice;
  }

  #sum(at: number): { readonly outcomes: number; readonly failures: number } {
    const oldest = this.#oldestSlice(at);
    let [outcomes, failures] = [0, 0];
    for (const slice of this.#slices) {
      if (slice.index < oldest) continue;
      outcomes += slice.outcomes;
      failures += slice.failures;
    }
    return { outcomes, failures };
  }

  #oldestSlice(at: number): number {
    return Math.floor(at / this.#sliceMs) - SLICES + 1;
  }
}
