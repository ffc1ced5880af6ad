import QuickLRU from 'quick-lru';
import { hasRoom } from '../stores/room.js';
import type { CounterRef, Counts, LimitCeiling, LimitCount, WindowPick } from '../stores/store.js';

/** Counters whose last usage is kept, the most recently used ones; about 200 bytes each. */
const MAX_KNOWN_COUNTERS = 100_000;

/** How many nodes share what remains, and which of them this one is, counted from 0. */
export interface NodeShare {
  readonly live: number;
  readonly rank: number;
}

/** What this node knows of one limit's current window. */
interface KnownLimit {
  readonly field: string;
  startsAt: number;
  /** As the store said last. */
  used: number;
  /** Allowed here since, and not yet in the store's books. */
  local: number;
}

/**
 * This node's own idea of the counters: the usage it last heard of, and what it allowed by itself since. When the
 * store does not answer, policy `local` enforces the limits with it: each live node may use its share of what
 * remained. Shares add up to exactly what remained, so nodes that knew the same usage stay within the limit.
 */
export class LocalCounters {
  readonly #known = new QuickLRU<string, KnownLimit[]>({ maxSize: MAX_KNOWN_COUNTERS });

  /** Notes what the store just said. */
  learn(counters: readonly CounterRef[], counts: Counts): void {
    let index = 0;
    for (const { key, ladder } of counters) {
      const limits = this.#open(key);
      for (const ceiling of ladder) {
        const { pick, used } = counts[index++]!;
        this.#window(limits, ceiling, pick).used = used;
      }
    }
  }

  /** Where the limits stand as far as this node may act on it: what it may still allow is what remains. */
  counts(counters: readonly CounterRef[], now: number, share: NodeShare): Counts {
    const counts: LimitCount[] = [];
    for (const { key, ladder } of counters) {
      const limits = this.#open(key);
      for (const ceiling of ladder) {
        const pick = now < ceiling.bounds[1] ? 0 : 1;
        const { used, local } = this.#window(limits, ceiling, pick);
        const mine = shareOf(Math.max(0, ceiling.max - used), share);
        counts.push({ pick, used: Math.max(used + local, ceiling.max - mine + local) });
      }
    }
    return counts;
  }

  /** Takes from all counters or from none, like a store. */
  take(counters: readonly CounterRef[], amount: number, now: number, share: NodeShare): LocalTake {
    const counts = this.counts(counters, now, share);
    if (!hasRoom(counters, counts, amount)) return { outcome: 'refused', counts };
    this.#addLocal(
      counters,
      counts.map(({ pick }) => pick),
      amount,
    );
    return { outcome: 'taken', counts: counts.map(({ pick, used }) => ({ pick, used: used + amount })) };
  }

  /** What was allowed here is in the store's books now. */
  settled(counters: readonly CounterRef[], picks: readonly WindowPick[], amount: number): void {
    this.#addLocal(counters, picks, -amount);
  }

  #addLocal(counters: readonly CounterRef[], picks: readonly WindowPick[], units: number): void {
    let index = 0;
    for (const { key, ladder } of counters) {
      const limits = this.#open(key);
      for (const ceiling of ladder) {
        const limit = limits.find(({ field }) => field === ceiling.field);
        const startsAt = ceiling.bounds[picks[index++]!];
        if (limit?.startsAt !== startsAt) continue;
        limit.local = Math.max(0, limit.local + units);
        if (units < 0) limit.used -= units;
      }
    }
  }

  #open(key: string): KnownLimit[] {
    let limits = this.#known.get(key);
    if (limits === undefined) this.#known.set(key, (limits = []));
    return limits;
  }

  #window(limits: KnownLimit[], { field, bounds }: LimitCeiling, pick: WindowPick): KnownLimit {
    let limit = limits.find((known) => known.field === field);
    if (limit === undefined) limits.push((limit = { field, startsAt: bounds[pick], used: 0, local: 0 }));
    if (limit.startsAt !== bounds[pick]) Object.assign(limit, { startsAt: bounds[pick], used: 0, local: 0 });
    return limit;
  }
}

export interface LocalTake {
  readonly outcome: 'taken' | 'refused';
  readonly counts: Counts;
}

function shareOf(remaining: number, { live, rank }: NodeShare): number {
  return Math.floor(remaining / live) + (rank < remaining % live ? 1 : 0);
}
