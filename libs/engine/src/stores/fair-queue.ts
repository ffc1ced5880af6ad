/**
 * Items under fairness keys, to be taken from all keys in turn: however many wait under one key, what waits under another
 * comes soon. Keys can be nested (a caller, then its connections): each level is shared in the same way. Items under the
 * same keys stay in order. A key without items is forgotten.
 */
export class FairQueue<T> {
  readonly #queues = new Map<string, Fifo<T> | FairQueue<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `inner`: the keys below `key`, the same number for all items under it. */
  add(item: T, key: string, ...inner: readonly string[]): void {
    this.#size++;
    let queue = this.#queues.get(key);
    if (queue === undefined)
      this.#queues.set(key, (queue = inner.length === 0 ? new Fifo() : new FairQueue()));
    if (queue instanceof Fifo) queue.add(item);
    else queue.add(item, inner[0]!, ...inner.slice(1));
  }

  /** As many as there are, at most `max`; of each key the same share, as far as it has that many. */
  take(max: number): T[] {
    const taken: T[] = [];
    this.#takeInto(taken, max);
    return taken;
  }

  #takeInto(taken: T[], max: number): void {
    const before = taken.length;
    const end = before + max;
    while (taken.length < end && this.#queues.size > 0) this.#round(taken, end);
    this.#size -= taken.length - before;
  }

  /** The same share for each key, the one first that has waited longest for its turn. */
  #round(taken: T[], end: number): void {
    let left = this.#queues.size;
    const share = Math.max(1, Math.floor((end - taken.length) / left));
    for (; left > 0 && taken.length < end; left--) {
      const [key, queue] = this.#queues.entries().next().value!;
      if (queue instanceof Fifo) queue.takeInto(taken, share);
      else queue.#takeInto(taken, share);
      this.#queues.delete(key);
      if (queue.size > 0) this.#queues.set(key, queue);
    }
  }
}

/** The places of taken items are given back once there are this many and as many as are left. */
const COMPACT_AT = 1_024;

/** First in, first out; without moving what is left at every turn. */
class Fifo<T> {
  #items: (T | undefined)[] = [];
  #next = 0;

  get size(): number {
    return this.#items.length - this.#next;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  takeInto(taken: T[], max: number): void {
    const until = Math.min(this.#items.length, this.#next + max);
    for (; this.#next < until; this.#next++) {
      taken.push(this.#items[this.#next]!);
      this.#items[this.#next] = undefined;
    }
    if (this.#next < COMPACT_AT || this.#next < this.size) return;
    this.#items = this.#items.slice(this.#next);
    this.#next = 0;
  }
}
