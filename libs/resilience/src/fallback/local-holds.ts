import type { CounterRef, SettledLimit, Takes } from '@sundial/engine/ports';
import type { OnExpiry } from '@sundial/contract';
import type { LocalCounters } from './local-counters.js';

/** Holds whose expiry falls into the same second end together, at the end of it: as many looks as there are seconds. */
const SECOND_MS = 1_000;

interface LocalHold {
  readonly counters: readonly CounterRef<SettledLimit>[];
  /** What is counted here for it. */
  readonly takes: Takes;
  readonly onExpiry: OnExpiry;
  /** The second in which it expires; absent once it is committed. */
  readonly second?: number | undefined;
}

/**
 * Reservations that this node placed without the store: what they hold is counted here until the store has it, or until they
 * end or expire by this node's idea of the store's clock. As many as settlements are pending for.
 */
export class LocalHolds {
  readonly #local: Pick<LocalCounters, 'count' | 'takeBack' | 'settled'>;
  readonly #holds = new Map<string, LocalHold>();
  readonly #seconds = new Map<number, Set<string>>();
  /** No hold expires before the end of this second. */
  #next = Infinity;

  constructor(local: Pick<LocalCounters, 'count' | 'takeBack' | 'settled'>) {
    this.#local = local;
  }

  get size(): number {
    return this.#holds.size;
  }

  /** Its units are counted here already. */
  place(
    id: string,
    { counters, takes, expiresAt, onExpiry }: Omit<LocalHold, 'second'> & { readonly expiresAt: number },
  ): void {
    const second = Math.floor(expiresAt / SECOND_MS);
    this.#holds.set(id, { counters, takes, onExpiry, second });
    const expiring = this.#seconds.get(second);
    if (expiring) expiring.add(id);
    else this.#seconds.set(second, new Set([id]));
    this.#next = Math.min(this.#next, second);
  }

  /** It is longer than it was. */
  prolong(id: string, expiresAt: number): void {
    const hold = this.#remove(id);
    if (hold) this.place(id, { ...hold, expiresAt });
  }

  /** So much of it is used, and nothing held any longer. */
  commit(id: string, takes: Takes): void {
    const hold = this.#remove(id);
    if (hold === undefined) return;
    this.#local.takeBack(hold.counters, hold.takes);
    this.#local.count(hold.counters, takes);
    this.#holds.set(id, { ...hold, takes, second: undefined });
  }

  release(id: string): void {
    const hold = this.#remove(id);
    if (hold) this.#local.takeBack(hold.counters, hold.takes);
  }

  /** The store has recorded it, as it stands here, or never will. */
  settled(id: string): void {
    const hold = this.#remove(id);
    if (hold) this.#local.settled(hold.counters, hold.takes);
  }

  /** Ends the holds that have expired by then. */
  expire(now: number): void {
    const over = Math.floor(now / SECOND_MS);
    if (this.#next >= over) return;
    for (const [second, ids] of this.#seconds) {
      if (second >= over) continue;
      for (const id of ids) {
        const hold = this.#holds.get(id)!;
        const { amount, amounts } = hold.takes;
        if (hold.onExpiry === 'commit') this.commit(id, { amount, amounts });
        else this.release(id);
      }
      this.#seconds.delete(second);
    }
    this.#next = Math.min(Infinity, ...this.#seconds.keys());
  }

  #remove(id: string): LocalHold | undefined {
    const hold = this.#holds.get(id);
    if (hold === undefined) return undefined;
    this.#holds.delete(id);
    if (hold.second === undefined) return hold;
    const expiring = this.#seconds.get(hold.second);
    expiring?.delete(id);
    if (expiring?.size === 0) this.#seconds.delete(hold.second);
    return hold;
  }
}
