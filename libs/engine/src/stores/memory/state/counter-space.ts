import { getHeapStatistics } from 'node:v8';
import type { CounterMap } from './counter-map.js';
import type { MemoryCounter } from './memory-counter.js';

/**
 * Heap that a counter takes at most. Measured: 290 bytes with a key of one attribute and two limits, 1,560 with the longest
 * key that rules and subjects can make and six limits.
 */
const MAX_COUNTER_BYTES = 1_560;
const HEAP_SHARE = 0.75;
/** Counters looked at for one that has no room: a pause of microseconds. */
const LOOKED_AT = 256;
/** How long a look at all counters that found none to drop is relied on, if no window that was seen ends before. */
const FOUND_NONE_FOR_MS = 10_000;

/** As many as fit into three quarters of the heap at the very worst: 2 million where Node.js has 4 GiB. */
export function defaultMaxCounters(heapBytes = getHeapStatistics().heap_size_limit): number {
  return Math.floor((HEAP_SHARE * heapBytes) / MAX_COUNTER_BYTES);
}

/** Finds room for counters in a map that is full: of those whose windows are all over, nothing is worth keeping. */
export class CounterSpace {
  readonly #counters: CounterMap;
  #unseen: Iterator<MemoryCounter>;
  /** Of the round of looking that goes on: when the first of the windows seen ends. */
  #firstEnd = Infinity;
  #nothingUntil = -Infinity;

  constructor(counters: CounterMap) {
    this.#counters = counters;
    this.#unseen = counters.values();
  }

  /** The next counters whose windows are over at `now`, of a bounded number that is looked at. */
  *over(now: number): Generator<MemoryCounter> {
    for (let n = 0; n < LOOKED_AT && now >= this.#nothingUntil; n++) {
      const next = this.#unseen.next();
      if (next.done) {
        this.#nothingUntil = Math.min(this.#firstEnd, now + FOUND_NONE_FOR_MS);
        this.#unseen = this.#counters.values();
        this.#firstEnd = Infinity;
        continue;
      }
      const { endsAt } = next.value;
      if (endsAt > now) this.#firstEnd = Math.min(this.#firstEnd, endsAt);
      else {
        this.#firstEnd = -Infinity;
        yield next.value;
      }
    }
  }
}
