/** Of each of two generations; 40 bytes each. */
const MAX_MADE = 65_536;

/**
 * What this node has made events of, as far as it remembers: the last `MAX_MADE`, at least. What it has forgotten it makes again, and
 * the database that keeps events knows the id.
 */
export class MadeEvents {
  #recent = new Set<number>();
  #before = new Set<number>();

  /** True where it was not known; from now on it is. */
  add(mark: number): boolean {
    if (this.#recent.has(mark)) return false;
    const isNew = !this.#before.has(mark);
    this.#recent.add(mark);
    if (this.#recent.size >= MAX_MADE) [this.#before, this.#recent] = [this.#recent, new Set()];
    return isNew;
  }

  /** The event was lost: it is to be made again. */
  forget(mark: number): void {
    this.#recent.delete(mark);
    this.#before.delete(mark);
  }
}
