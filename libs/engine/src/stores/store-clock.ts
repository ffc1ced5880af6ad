import { performance } from 'node:perf_hooks';

/**
 * A remote clock, estimated from replies that carry it (Cristian's algorithm). A reply read at `storeNow`
 * somewhere between sending and receiving bounds the offset to `[storeNow − received, storeNow − sent]`; while
 * the estimate lies within, it is kept, else one of the clocks was set and the reply's middle is taken.
 * Counts from the monotonic clock, so that setting this node's wall clock changes nothing.
 */
export class StoreClock {
  #offset: number;
  #uncertainty = Infinity;

  constructor(initialOffsetMs = 0) {
    this.#offset = Date.now() - performance.now() + initialOffsetMs;
  }

  now(): number {
    return performance.now() + this.#offset;
  }

  observe(reply: { sentAt: number; receivedAt: number; storeNow: number }): void {
    const roundTrip = reply.receivedAt - reply.sentAt;
    const [low, high] = [reply.storeNow - reply.receivedAt, reply.storeNow + 1 - reply.sentAt];
    const isPossible = this.#offset >= low && this.#offset <= high;
    if (isPossible && roundTrip >= this.#uncertainty) return;
    this.#offset = (low + high) / 2;
    this.#uncertainty = roundTrip;
  }
}
