/** Items that are taken in the order in which they were added, and of which any may leave at any time. */
export class Rotation<Item> implements Iterable<Item> {
  readonly #items = new Set<Item>();
  /** Goes through them as they come: the first item of a set from which much was deleted is slow to find. */
  #next = this.#items.values();

  get size(): number {
    return this.#items.size;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items.values();
  }

  /** It comes last; one that is there stays where it is. */
  add(item: Item): void {
    this.#items.add(item);
  }

  delete(item: Item): void {
    this.#items.delete(item);
  }

  clear(): void {
    this.#items.clear();
  }

  /** The next one, which leaves. */
  take(): Item | undefined {
    if (this.#items.size === 0) return undefined;
    let next = this.#next.next();
    if (next.done) {
      this.#next = this.#items.values();
      next = this.#next.next();
    }
    if (next.done) return undefined;
    this.#items.delete(next.value);
    return next.value;
  }
}
