import {
  type CounterRef,
  type Counts,
  hasRoom,
  type LimitCeiling,
  picksOf,
  type WindowPick,
} from '@sundial/engine/ports';
import QuickLRU from 'quick-lru';
import { LoweredLadders } from './lowered-ladders.js';

/**
 * Counters whose last usage is kept, the most recently used ones. Measured: 770 bytes for a key of one attribute and two
 * limits, 2.6 KB for the longest key and four limits; so 80 MB as a rule, and 260 MB at the very worst.
 */
const MAX_KNOWN_COUNTERS = 100_000;

/** How many nodes share what remains, and which of them this one is, counted from 0. */
export interface NodeShare {
  readonly live: number;
  readonly rank: number;
}

/** What this node knows of one limit's current window. */
export interface KnownLimit {
  readonly field: string;
  startsAt: number;
  /** As the store said last. */
  used: number;
  /** Allowed here since, and not yet in the store's books. */
  local: number;
}

/** What this node knows of a counter. */
interface KnownCounter {
  readonly limits: KnownLimit[];
  /** Units that the store is being asked for. */
  asked: number;
}

/**
 * This node's own idea of the counters: the usage it last heard of, and what it allowed by itself since. When the
 * store does not answer, policy `local` enforces the limits with it: each live node may use its share of what
 * remained. Shares add up to exactly what remained, so nodes that knew the same usage stay within the limit.
 */
export class LocalCounters {
  readonly #lowered = new LoweredLadders();
  readonly #known = new QuickLRU<string, KnownCounter>({ maxSize: MAX_KNOWN_COUNTERS });
  /** Those with units that the store does not know: as many as settlements are pending for, and never forgotten before. */
  readonly #unsettled = new Map<string, KnownCounter>();

  /** The store is being asked for units: until it has answered or is given up, they are not this node's to allow. */
  asking(counters: readonly CounterRef[], amount: number): Asking {
    const known = new Array<KnownCounter>(counters.length);
    for (let index = 0; index < counters.length; index++) known[index] = this.#open(counters[index]!.key);
    return new Asking(counters, known, amount);
  }

  /** Where the limits stand: what the store said last, and what was allowed here since. */
  counts(counters: readonly CounterRef[], now: number): Counts {
    return this.#count(counters, now, ({ used, local }) => used + local);
  }

  /** Takes from all counters or from none, like a store; what may still be taken here is what its counts leave. */
  take(counters: readonly CounterRef[], amount: number, now: number, share: NodeShare): LocalTake {
    const counts = this.#count(counters, now, ({ used, local }, { asked, max }) => {
      const mine = shareOf(Math.max(0, max - used), share);
      const withOthers = Math.max(used, max - mine) + local + asked;
      return Math.max(used + local, Math.min(withOthers, max));
    });
    if (!hasRoom(counters, counts, amount)) return { outcome: 'refused', counts };
    this.count(counters, picksOf(counts), amount);
    for (const count of counts) count.used += amount;
    return { outcome: 'taken', counts };
  }

  /** Notes what was allowed here, whether or not it fitted; a negative amount takes it back. */
  count(counters: readonly CounterRef[], picks: readonly WindowPick[], amount: number): void {
    this.#each(counters, picks, (limit) => {
      limit.local = Math.max(0, limit.local + amount);
    });
  }

  /** Notes what was allowed here before this process started. */
  restore(counters: readonly CounterRef[], picks: readonly WindowPick[], amount: number, now: number): void {
    this.counts(counters, now);
    this.count(counters, picks, amount);
  }

  /** What was allowed here is in the store's books now, or never will be. */
  settled(counters: readonly CounterRef[], picks: readonly WindowPick[], amount: number): void {
    this.#each(counters, picks, (limit) => {
      limit.local = Math.max(0, limit.local - amount);
      limit.used += amount;
    });
  }

  /**
   * The same counters, with what was allowed here and is not yet in the books taken off their ceilings: the store
   * keeps to the limit also while it is still owed some of the usage.
   */
  lowered(counters: readonly CounterRef[]): readonly CounterRef[] {
    let isLowered = false;
    const lowered = counters.map((counter) => {
      const limits = this.#unsettled.get(counter.key)?.limits;
      if (!limits?.some(({ local }) => local > 0)) return counter;
      isLowered = true;
      return { ...counter, ladder: this.#lowered.of(counter.ladder, limits) };
    });
    return isLowered ? lowered : counters;
  }

  #count(
    counters: readonly CounterRef[],
    now: number,
    usedOf: (limit: KnownLimit, of: { readonly asked: number; readonly max: number }) => number,
  ): OwnCount[] {
    const counts: OwnCount[] = [];
    for (const { key, ladder } of counters) {
      const { limits, asked } = this.#open(key);
      for (const ceiling of ladder) {
        const pick = pickOf(limits, ceiling, now);
        const limit = openWindow(limits, ceiling, pick);
        counts.push({ pick, used: usedOf(limit, { asked, max: ceiling.max }) });
      }
    }
    return counts;
  }

  #each(
    counters: readonly CounterRef[],
    picks: readonly WindowPick[],
    change: (limit: KnownLimit) => void,
  ): void {
    let index = 0;
    for (const { key, ladder } of counters) {
      const known = this.#open(key);
      for (const { field, bounds } of ladder) {
        const startsAt = bounds[picks[index++]!];
        const limit = find(known.limits, field);
        if (limit?.startsAt === startsAt) change(limit);
      }
      this.#file(key, known);
    }
  }

  #file(key: string, known: KnownCounter): void {
    if (known.limits.some(({ local }) => local > 0)) {
      this.#unsettled.set(key, known);
      this.#known.delete(key);
    } else if (this.#unsettled.delete(key)) {
      this.#known.set(key, known);
    }
  }

  #open(key: string): KnownCounter {
    let known = this.#unsettled.get(key) ?? this.#known.get(key);
    if (known === undefined) this.#known.set(key, (known = { limits: [], asked: 0 }));
    return known;
  }
}

/** Units that the store is being asked for: it may be taking them right now. */
export class Asking {
  constructor(
    private readonly counters: readonly CounterRef[],
    private readonly known: readonly KnownCounter[],
    private readonly amount: number,
  ) {
    for (const counter of known) counter.asked += amount;
  }

  /** Notes what the store has said, if it has said anything, and that it is not being asked any more. */
  ends(counts?: Counts): void {
    let index = 0;
    for (let place = 0; place < this.known.length; place++) {
      const known = this.known[place]!;
      known.asked -= this.amount;
      if (counts === undefined) continue;
      for (const ceiling of this.counters[place]!.ladder) {
        const { pick, used } = counts[index++]!;
        openWindow(known.limits, ceiling, pick).used = used;
      }
    }
  }
}

export interface LocalTake {
  readonly outcome: 'taken' | 'refused';
  readonly counts: Counts;
}

/** A count that belongs to whoever asked for it. */
interface OwnCount {
  readonly pick: WindowPick;
  used: number;
}

/** Windows never go back, as in a store: the later one stays the current one. */
function pickOf(limits: readonly KnownLimit[], { field, bounds }: LimitCeiling, now: number): WindowPick {
  if (now >= bounds[1]) return 1;
  return find(limits, field)?.startsAt === bounds[1] ? 1 : 0;
}

function find(limits: readonly KnownLimit[], field: string): KnownLimit | undefined {
  for (const limit of limits) if (limit.field === field) return limit;
  return undefined;
}

function openWindow(limits: KnownLimit[], { field, bounds }: LimitCeiling, pick: WindowPick): KnownLimit {
  const startsAt = bounds[pick];
  let limit = find(limits, field);
  if (limit === undefined) limits.push((limit = { field, startsAt, used: 0, local: 0 }));
  if (limit.startsAt !== startsAt) Object.assign(limit, { startsAt, used: 0, local: 0 });
  return limit;
}

function shareOf(remaining: number, { live, rank }: NodeShare): number {
  const nodes = Math.max(1, live);
  return Math.floor(remaining / nodes) + (rank < remaining % nodes ? 1 : 0);
}
