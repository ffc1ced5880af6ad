import { MAX_HOLDS, type OnExpiry } from '@sundial/contract';
import { sumOfAmounts, type CounterRef, type SettledLimit, type Takes } from '@sundial/engine/ports';
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

type Placed = Omit<LocalHold, 'second'> & { readonly expiresAt: number };

/**
 * Reservations that this node placed without the store, and what it added to others: what they hold is counted here until the
 * store has it, or until they end or expire by this node's idea of the store's clock. As many as settlements are pending for,
 * and of one counter no more live ones than a store would place.
 */
export class LocalHolds {
  readonly #local: Pick<LocalCounters, 'count' | 'takeBack' | 'settled'>;
  readonly #holds = new Map<string, LocalHold>();
  readonly #seconds = new Map<number, Set<string>>();
  /** Live ones, by counter. */
  readonly #perCounter = new Map<string, number>();
  /** No hold expires before the end of this second. */
  #next = Infinity;

  constructor(local: Pick<LocalCounters, 'count' | 'takeBack' | 'settled'>) {
    this.#local = local;
  }

  get size(): number {
    return this.#holds.size;
  }

  /** One of these counters has as many live ones as it can have. */
  isFull(counters: readonly CounterRef[]): boolean {
    return counters.some(({ key }) => (this.#perCounter.get(key) ?? 0) >= MAX_HOLDS);
  }

  /** Its units are counted here already. */
  place(id: string, { counters, takes, expiresAt, onExpiry }: Placed): void {
    this.#remove(id);
    const second = Math.floor(expiresAt / SECOND_MS);
    this.#set(id, { counters, takes, onExpiry, second });
    const expiring = this.#seconds.get(second);
    if (expiring) expiring.add(id);
    else this.#seconds.set(second, new Set([id]));
    this.#next = Math.min(this.#next, second);
  }

  /** It was committed before this process started: so much is counted here already. */
  placeCommitted(id: string, hold: Omit<LocalHold, 'second'>): void {
    this.#set(id, hold);
  }

  /** It is longer than it was. */
  prolong(id: string, expiresAt: number): void {
    const hold = this.#remove(id);
    if (hold) this.place(id, { ...hold, expiresAt });
  }

  /** It holds so much more, counted here already, and for so long. Of one that the store has placed, that is all there is here. */
  extend(id: string, added: Placed): void {
    const hold = this.#remove(id);
    if (hold === undefined) return this.place(id, added);
    const { takes } = hold;
    const amount = takes.amount + added.takes.amount;
    const amounts = sumOfAmounts(takes.amounts, added.takes.amounts);
    this.place(id, { ...hold, takes: { ...takes, amount, amounts }, expiresAt: added.expiresAt });
  }

  /** So much of it is used, and nothing held any longer. */
  commit(id: string, takes: Takes): void {
    const hold = this.#remove(id);
    if (hold === undefined) return;
    this.#local.takeBack(hold.counters, hold.takes);
    this.#local.count(hold.counters, takes);
    this.#set(id, { ...hold, takes, second: undefined });
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

  #set(id: string, hold: LocalHold): void {
    this.#holds.set(id, hold);
    if (hold.second === undefined) return;
    for (const { key } of hold.counters) this.#perCounter.set(key, (this.#perCounter.get(key) ?? 0) + 1);
  }

  #remove(id: string): LocalHold | undefined {
    const hold = this.#holds.get(id);
    if (hold === undefined) return undefined;
    this.#holds.delete(id);
    if (hold.second === undefined) return hold;
    for (const { key } of hold.counters) {
      const left = this.#perCounter.get(key)! - 1;
      if (left > 0) this.#perCounter.set(key, left);
      else this.#perCounter.delete(key);
    }
    const expiring = this.#seconds.get(hold.second);
    expiring?.delete(id);
    if (expiring?.size === 0) this.#seconds.delete(hold.second);
    return hold;
  }
}
