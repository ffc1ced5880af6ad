import { performance } from 'node:perf_hooks';

/**
 * A remote clock, estimated from replies that carry it (Cristian's algorithm). A reply read at `storeNow` somewhere
 * between sending and receiving bounds the clock's offset to `[storeNow − received, storeNow + 1 − sent]`; the truth
 * is where all bounds overlap. When they don't, one of the clocks was set, and the last reply alone counts.
 * Counts from the monotonic clock, so that setting this node's wall clock changes nothing.
 */
export class StoreClock {
  #offset: number;
  #low = -Infinity;
  #high = Infinity;

  constructor(initialOffsetMs = 0) {
    this.#offset = Date.now() - performance.now() + initialOffsetMs;
  }

  now(): number {
    return performance.now() + this.#offset;
  }

  observe(reply: { sentAt: number; receivedAt: number; storeNow: number }): void {
    const [low, high] = [reply.storeNow - reply.receivedAt, reply.storeNow + 1 - reply.sentAt];
    const isContradicted = low > this.#high || high < this.#low;
    this.#low = isContradicted ? low : Math.max(low, this.#low);
    this.#high = isContradicted ? high : Math.min(high, this.#high);
    this.#offset = (this.#low + this.#high) / 2;
  }
}
