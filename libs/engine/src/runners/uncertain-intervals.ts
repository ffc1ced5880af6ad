/** An interval whose counters may be wrong, and the node cannot know whether they are. */
export interface UncertainInterval {
  /** Epoch milliseconds, store clock. */
  readonly from: number;
  readonly to: number;
  readonly reason: UncertainReason;
  readonly operations: number;
}

/**
 * `settled-too-late`: the store no longer remembered whether it had counted. `writes-lost`: the store lost writes that
 * this node cannot repeat, or may have. `journal-damaged`: some of what was pending could not be read.
 */
type UncertainReason = 'settled-too-late' | 'writes-lost' | 'journal-damaged';

/** The latest ones are kept. */
const MAX_INTERVALS = 100;
/** Nearer ones of one reason are one. */
const MERGE_MS = 60_000;

/** What is reported instead of guessed. */
export class UncertainIntervals {
  readonly #onNew: (interval: UncertainInterval) => void;
  #intervals: UncertainInterval[] = [];

  /** `onNew` is called with each interval once, as it was when it was found. */
  constructor(onNew: (interval: UncertainInterval) => void = () => undefined) {
    this.#onNew = onNew;
  }

  get all(): readonly UncertainInterval[] {
    return this.#intervals;
  }

  add(interval: UncertainInterval): void {
    const near = this.#intervals.find(
      ({ reason, from, to }) =>
        reason === interval.reason && interval.from <= to + MERGE_MS && from - MERGE_MS <= interval.to,
    );
    const others = this.#intervals.filter((other) => other !== near);
    const from = Math.min(interval.from, near?.from ?? interval.from);
    const to = Math.max(interval.to, near?.to ?? interval.to);
    const operations = interval.operations + (near?.operations ?? 0);
    this.#intervals = [...others, { from, to, reason: interval.reason, operations }].slice(-MAX_INTERVALS);
    if (!near) this.#onNew(interval);
  }
}
