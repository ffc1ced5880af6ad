import type { MemoryReservation } from './memory-reservation.js';

/** So many entries of reservations that ended before may wait for their expiry, besides as many as there are live ones. */
const SLACK = 1_024;

/** The reservations that hold units, by operation id, and in the order of their expiry. */
export class LiveHolds {
  readonly #byId = new Map<string, MemoryReservation>();
  readonly #perCounter = new Map<string, number>();
  /** A heap, the earliest first. One that has ended or was extended stays in it until then. */
  #heap: Expiry[] = [];

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): MemoryReservation | undefined {
    return this.#byId.get(id);
  }

  values(): Iterable<MemoryReservation> {
    return this.#byId.values();
  }

  /** Live holds of a counter. */
  countOf(key: string): number {
    return this.#perCounter.get(key) ?? 0;
  }

  /** Adds one, or replaces what is known of it. */
  put(reservation: MemoryReservation): void {
    const { id, expiresAt, counters } = reservation;
    const before = this.#byId.get(id);
    if (before === undefined)
      for (const { key } of counters) this.#perCounter.set(key, this.countOf(key) + 1);
    this.#byId.set(id, reservation);
    if (before?.expiresAt !== expiresAt) this.#push({ id, expiresAt });
  }

  remove({ id, counters }: MemoryReservation): void {
    if (!this.#byId.delete(id)) return;
    for (const { key } of counters) {
      const count = this.countOf(key) - 1;
      if (count > 0) this.#perCounter.set(key, count);
      else this.#perCounter.delete(key);
    }
    if (this.#heap.length > 2 * this.#byId.size + SLACK) this.#compact();
  }

  /** The earliest one that is due at this instant. */
  firstDue(now: number): MemoryReservation | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.expiresAt <= now; first = this.#heap[0]) {
      const reservation = this.#byId.get(first.id);
      if (reservation?.expiresAt === first.expiresAt) return reservation;
      this.#pop();
    }
    return undefined;
  }

  #compact(): void {
    this.#heap = [...this.#byId.values()]
      .map(({ id, expiresAt }) => ({ id, expiresAt }))
      .sort((one, other) => one.expiresAt - other.expiresAt);
  }

  #push(expiry: Expiry): void {
    const heap = this.#heap;
    let at = heap.push(expiry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.expiresAt <= expiry.expiresAt) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = expiry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.expiresAt < heap[child]!.expiresAt) child++;
      if (heap[child]!.expiresAt >= last.expiresAt) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

interface Expiry {
  readonly id: string;
  readonly expiresAt: number;
}
