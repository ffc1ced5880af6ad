import type { CounterRecords } from './counter-records.js';

/**
 * The counters that the log lacks: those that changed, and copies of those that only stand in segments which are to go.
 * The sweep, which sees every counter once a round, finds the latter; so the log is never rewritten as a whole. What the
 * sweep may miss has just been made or widened, and so has changed.
 */
export class UnloggedCounters {
  readonly #records: CounterRecords;
  /** What was listed may have been dropped since, and its room may be another counter's: that is then listed itself. */
  readonly #changed: number[] = [];
  readonly #copies: number[] = [];
  #copyBefore = 0;
  /** The same, as it was when this round of the sweep began. */
  #roundCopiesBefore = 0;
  /** No counter stands in a segment before this one alone, once those that are listed here are written. */
  copiedBefore = 0;

  constructor(records: CounterRecords) {
    this.#records = records;
  }

  get size(): number {
    return this.#changed.length + this.#copies.length;
  }

  changed(counter: number): void {
    if (this.#records.unlogged(counter) === 'change') return;
    this.#records.setUnlogged(counter, 'change');
    this.#changed.push(counter);
  }

  /** The sweep has come to it. */
  seen(counter: number): void {
    if (this.#records.segment(counter) >= this.#roundCopiesBefore) return;
    if (this.#records.unlogged(counter) !== 'nothing') return;
    this.#records.setUnlogged(counter, 'copy');
    this.#copies.push(counter);
  }

  /** The sweep has seen all counters that it began with. */
  roundEnded(): void {
    this.copiedBefore = this.#roundCopiesBefore;
    this.#roundCopiesBefore = this.#copyBefore;
  }

  /** Counters that were written last before this segment are to be written again. */
  copyBefore(segment: number): void {
    this.#copyBefore = Math.max(this.#copyBefore, segment);
  }

  /** Takes so many at most, those that changed first; they are written to this segment, or to a later one. */
  *take(limit: number, segment: number): Generator<number> {
    for (let n = 0; n < limit; n++) {
      const counter = this.#changed.pop() ?? this.#copies.pop();
      if (counter === undefined) return;
      if (!this.#records.isRecord(counter) || this.#records.unlogged(counter) === 'nothing') continue;
      this.#records.setUnlogged(counter, 'nothing');
      this.#records.setSegment(counter, segment);
      yield counter;
    }
  }

  get hasChanges(): boolean {
    return this.#changed.length > 0;
  }
}
