import type { ErrorRateTerms, RefusalRateTerms } from '../patterns/alarm-pattern.js';
import type { AlarmSignal } from './alarm-signal.js';
import type { Evaluator, Evidence } from './evaluator.js';
import { type Counts, SlicedCounts } from './sliced-counts.js';

interface ShareTerms {
  readonly rate: number;
  /** Fewer say nothing. */
  readonly least: number;
  readonly withinMs: number;
  /** What a signal counts; undefined where it is about something else. */
  readonly countsIn: (signal: AlarmSignal) => Counts | undefined;
  readonly evidenceOf: (counts: Counts) => Evidence;
}

/**
 * Holds while more than `rate` of a channel's outcomes are of one sort, and there are at least `least`, in the current twentieth
 * of `withinMs` and the 19 before it.
 */
export class Share implements Evaluator {
  readonly #counts: SlicedCounts;
  /** The slice that one of that sort was in last. */
  #last = -Infinity;

  constructor(private readonly terms: ShareTerms) {
    this.#counts = new SlicedCounts(terms.withinMs);
  }

  note(signal: AlarmSignal, at: number): void {
    const counts = this.terms.countsIn(signal);
    if (counts === undefined) return;
    this.#counts.add(counts, at);
    if (counts.some > 0) this.#last = this.#counts.sliceAt(at);
  }

  holds(at: number): boolean {
    if (this.#last < this.#counts.oldestAt(at)) return false;
    const { all, some } = this.#counts.sum(at);
    return all >= this.terms.least && some > this.terms.rate * all;
  }

  evidence(at: number): Evidence {
    const counts = this.#counts.sum(at);
    return { ...this.terms.evidenceOf(counts), rate: Number((counts.some / counts.all).toFixed(4)) };
  }
}

export function errorRate({ rate, outcomes: least, withinMs }: Readonly<ErrorRateTerms>): Share {
  return new Share({
    ...{ rate, least, withinMs },
    countsIn: (signal) => {
      if (signal.kind === 'failed') return { all: 1, some: 1 };
      return signal.kind === 'succeeded' ? { all: signal.count, some: 0 } : undefined;
    },
    evidenceOf: ({ all: outcomes, some: failures }) => ({ failures, outcomes }),
  });
}

export function refusalRate({ rate, decisions: least, withinMs }: Readonly<RefusalRateTerms>): Share {
  return new Share({
    ...{ rate, least, withinMs },
    countsIn: (signal) =>
      signal.kind === 'decided' ? { all: signal.allowed + signal.denied, some: signal.denied } : undefined,
    evidenceOf: ({ all: decisions, some: refusals }) => ({ refusals, decisions }),
  });
}
