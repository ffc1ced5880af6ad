import { offHeap } from './off-heap.js';

/** Partitions grow one at a time, so that no growth is a pause: at ten million entries one holds ten thousand. */
const PARTITIONS = 1_024;
const FIRST_SLOTS = 16;

/**
 * Where records are, by the hash of what names them: open addressing with linear probing, in numbers outside the
 * heap, so that millions of entries cost the garbage collector nothing. A hash has 32 bits, a position is below 2^32 − 1.
 */
export class HashIndex {
  readonly #partitions: (Partition | undefined)[] = Array.from({ length: PARTITIONS });
  size = 0;

  /** The position of an entry with this hash that is the one looked for; -1 where there is none. */
  find(hash: number, isIt: (position: number) => boolean): number {
    const partition = this.#partitions[hash % PARTITIONS];
    return partition === undefined ? -1 : partition.find(hash, isIt);
  }

  /** Adds an entry, or moves the one at the position `from`. */
  put(hash: number, position: number, from: number): void {
    const partition = (this.#partitions[hash % PARTITIONS] ??= new Partition());
    if (from >= 0) partition.move(hash, from, position);
    else {
      partition.add(hash, position);
      this.size++;
    }
  }

  /** Removes the entry at this position, if it is still there. */
  remove(hash: number, position: number): void {
    if (this.#partitions[hash % PARTITIONS]?.remove(hash, position)) this.size--;
  }
}

/** Slots are pairs: the hash, and the position plus one; zero where the slot is empty. */
class Partition {
  #slots = slots(FIRST_SLOTS);
  #used = 0;

  find(hash: number, isIt: (position: number) => boolean): number {
    const slots = this.#slots;
    for (let slot = this.#home(hash); slots[slot + 1] !== 0; slot = this.#after(slot)) {
      const position = slots[slot + 1]! - 1;
      if (slots[slot] === hash && isIt(position)) return position;
    }
    return -1;
  }

  add(hash: number, position: number): void {
    if (4 * (this.#used + 1) > this.#slots.length) this.#grow();
    let slot = this.#home(hash);
    while (this.#slots[slot + 1] !== 0) slot = this.#after(slot);
    this.#slots[slot] = hash;
    this.#slots[slot + 1] = position + 1;
    this.#used++;
  }

  move(hash: number, from: number, to: number): void {
    const slot = this.#slotOf(hash, from);
    if (slot >= 0) this.#slots[slot + 1] = to + 1;
  }

  remove(hash: number, position: number): boolean {
    let hole = this.#slotOf(hash, position);
    if (hole < 0) return false;
    const slots = this.#slots;
    // What would no longer be found behind the hole moves into it.
    for (let slot = this.#after(hole); slots[slot + 1] !== 0; slot = this.#after(slot)) {
      const home = this.#home(slots[slot]!);
      const staysReachable = hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;
      if (staysReachable) continue;
      slots[hole] = slots[slot]!;
      slots[hole + 1] = slots[slot + 1]!;
      hole = slot;
    }
    slots[hole + 1] = 0;
    this.#used--;
    return true;
  }

  #slotOf(hash: number, position: number): number {
    const slots = this.#slots;
    for (let slot = this.#home(hash); slots[slot + 1] !== 0; slot = this.#after(slot)) {
      if (slots[slot + 1] === position + 1) return slot;
    }
    return -1;
  }

  /** The lowest bits chose the partition. */
  #home(hash: number): number {
    return 2 * (Math.floor(hash / PARTITIONS) & (this.#slots.length / 2 - 1));
  }

  #after(slot: number): number {
    return (slot + 2) & (this.#slots.length - 1);
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = slots(old.length);
    this.#used = 0;
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot + 1] !== 0) this.add(old[slot]!, old[slot + 1]! - 1);
    }
  }
}

function slots(count: number): Uint32Array {
  return new Uint32Array(offHeap(count * 2 * Uint32Array.BYTES_PER_ELEMENT));
}
