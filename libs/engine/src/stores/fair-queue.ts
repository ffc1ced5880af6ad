/**
 * Items of many lanes, to be taken from all of them in turn: however many wait in one lane, what waits in another comes
 * soon. Inside a lane they stay in order. A lane that is empty is forgotten.
 */
export class FairQueue<Lane, T> {
  readonly #lanes = new Map<Lane, { readonly items: T[]; next: number }>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(lane: Lane, item: T): void {
    this.#size++;
    const known = this.#lanes.get(lane);
    if (known) known.items.push(item);
    else this.#lanes.set(lane, { items: [item], next: 0 });
  }

  /** As many as there are, at most `max`; of each lane the same share, as far as it has that many. */
  take(max: number): T[] {
    const taken: T[] = [];
    while (taken.length < max && this.#lanes.size > 0) {
      const share = Math.ceil((max - taken.length) / this.#lanes.size);
      const [name, lane] = this.#lanes.entries().next().value!;
      const until = Math.min(lane.items.length, lane.next + share);
      for (; lane.next < until; lane.next++) taken.push(lane.items[lane.next]!);
      // Whoever was served is last in the next round.
      this.#lanes.delete(name);
      if (lane.next < lane.items.length) this.#lanes.set(name, lane);
    }
    this.#size -= taken.length;
    return taken;
  }
}
