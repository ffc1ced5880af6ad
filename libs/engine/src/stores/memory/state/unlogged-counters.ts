import type { MemoryCounter } from './memory-counter.js';

/**
 * The counters that the log lacks: those that changed, and copies of those that only stand in segments which are to go.
 * The sweep, which sees every counter once a round, finds the latter; so the log is never rewritten as a whole.
 */
export class UnloggedCounters {
  #changed: MemoryCounter[] = [];
  #copies: MemoryCounter[] = [];
  #copyBefore = 0;
  /** The same, as it was when this round of the sweep began. */
  #roundCopiesBefore = 0;
  /** No counter stands in a segment before this one alone, once those that are listed here are written. */
  copiedBefore = 0;

  get size(): number {
    return this.#changed.length + this.#copies.length;
  }

  /** It is about to change. */
  changed(counter: MemoryCounter): void {
    if (counter.unlogged === 'change') return;
    counter.unlogged = 'change';
    this.#changed.push(counter);
  }

  /** The sweep has come to it. */
  seen(counter: MemoryCounter): void {
    if (counter.segment >= this.#roundCopiesBefore || counter.unlogged !== 'nothing') return;
    counter.unlogged = 'copy';
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
  *take(limit: number, segment: number): Generator<MemoryCounter> {
    for (let n = 0; n < limit; n++) {
      const counter = this.#changed.pop() ?? this.#copies.pop();
      if (counter === undefined) return;
      if (counter.unlogged === 'nothing' || counter.state === undefined) continue;
      counter.unlogged = 'nothing';
      counter.segment = segment;
      yield counter;
    }
  }

  get hasChanges(): boolean {
    return this.#changed.length > 0;
  }
}
