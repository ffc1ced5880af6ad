import { totalmem } from 'node:os';
import type { CounterRecords } from './counter-records.js';

/** Memory that a counter takes at most: the longest key that rules and subjects can make, 16 limits, its place in the index. */
const MAX_COUNTER_BYTES = 1_824;
const MEMORY_SHARE = 0.5;
/** Counters looked at for one that has no room: a pause of microseconds. */
const LOOKED_AT = 256;
/** How long a look at all counters that found none to drop is relied on, if no window that was seen ends before. */
const FOUND_NONE_FOR_MS = 10_000;

/** As many as fit into half of the memory at the very worst: 1.1 million where there are 4 GiB. */
export function defaultMaxCounters(memoryBytes = availableMemory()): number {
  return Math.floor((MEMORY_SHARE * memoryBytes) / MAX_COUNTER_BYTES);
}

/** That of the machine, or what its container may have of it. */
function availableMemory(): number {
  const constrained = process.constrainedMemory();
  // Where there is no constraint it is 0, or far above what the machine has.
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Finds room for counters where all is taken: of those whose windows are all over, nothing is worth keeping. */
export class CounterSpace {
  readonly #records: CounterRecords;
  #unseen: Iterator<number | undefined>;
  /** Of the round of looking that goes on: when the first of the windows seen ends. */
  #firstEnd = Infinity;
  #nothingUntil = -Infinity;

  constructor(records: CounterRecords) {
    this.#records = records;
    this.#unseen = records.all();
  }

  /** The next counters whose windows are over at `now`, of a bounded number that is looked at. */
  *over(now: number): Generator<number> {
    for (let n = 0; n < LOOKED_AT && now >= this.#nothingUntil; n++) {
      const next = this.#unseen.next();
      if (next.done) {
        this.#nothingUntil = Math.min(this.#firstEnd, now + FOUND_NONE_FOR_MS);
        this.#unseen = this.#records.all();
        this.#firstEnd = Infinity;
        continue;
      }
      if (next.value === undefined) continue;
      const endsAt = this.#records.endsAt(next.value);
      if (endsAt > now) this.#firstEnd = Math.min(this.#firstEnd, endsAt);
      else {
        this.#firstEnd = -Infinity;
        yield next.value;
      }
    }
  }
}
