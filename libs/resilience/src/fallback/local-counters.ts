import {
  type CounterRef,
  type Counts,
  hasRoom,
  type Ladder,
  type LimitCeiling,
  picksOf,
  textHash,
  type WindowPick,
} from '@sundial/engine/ports';
import { LoweredLadders } from './lowered-ladders.js';
import { SettledCounters, type KnownCounter, type KnownLimit } from './settled-counters.js';

/** How many nodes share what remains, and which of them this one is, counted from 0. */
export interface NodeShare {
  readonly live: number;
  readonly rank: number;
}

/**
 * This node's own idea of the counters: the usage it last heard of, and what it allowed by itself since. When the
 * store does not answer, policy `local` enforces the limits with it: each live node may use its share of what
 * remained. Shares add up to exactly what remained, so nodes that knew the same usage stay within the limit.
 */
export class LocalCounters {
  readonly #lowered = new LoweredLadders();
  readonly #settled = new SettledCounters();
  /** Those with units that the store does not know: as many as settlements are pending for, and never forgotten before. */
  readonly #unsettled = new Map<string, KnownCounter>();

  /** The store is being asked for units: until it has answered or is given up, they are not this node's to allow. */
  asking(counters: readonly CounterRef[], amount: number): Asking {
    return new Asking(counters, amount, { settled: this.#settled, unsettled: this.#unsettled });
  }

  /** Where the limits stand: what the store said last, and what was allowed here since. */
  counts<L extends LimitCeiling>(counters: readonly CounterRef<L>[], now: number): Counts<L> {
    return this.#count(counters, now, ({ used, local }) => used + local);
  }

  /** Takes from all counters or from none, like a store; what may still be taken here is what its counts leave. */
  take<L extends LimitCeiling>(
    counters: readonly CounterRef<L>[],
    amount: number,
    now: number,
    share: NodeShare,
  ): LocalTake<L> {
    const counts = this.#count(counters, now, ({ used, local }, { asked, max }) => {
      const mine = shareOf(Math.max(0, max - used), share);
      const withOthers = Math.max(used, max - mine) + local + asked;
      return Math.max(used + local, Math.min(withOthers, max));
    });
    if (!hasRoom(counts, amount)) return { outcome: 'refused', counts };
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
  lowered<L extends LimitCeiling>(counters: readonly CounterRef<L>[]): readonly CounterRef<L>[] {
    let isLowered = false;
    const lowered = counters.map((counter) => {
      const limits = this.#unsettled.get(counter.key)?.limits;
      if (!limits?.some(({ local }) => local > 0)) return counter;
      isLowered = true;
      return { ...counter, ladder: this.#lowered.of(counter.ladder, limits) };
    });
    return isLowered ? lowered : counters;
  }

  #count<L extends LimitCeiling>(
    counters: readonly CounterRef<L>[],
    now: number,
    usedOf: (limit: KnownLimit, of: { readonly asked: number; readonly max: number }) => number,
  ): OwnCount<L>[] {
    const counts: OwnCount<L>[] = [];
    for (const counter of counters) {
      const known = this.#load(counter) ?? { limits: [], asked: 0 };
      const { limits, asked } = known;
      for (const limit of counter.ladder) {
        const pick = pickOf(limits, limit, now);
        const its = openWindow(limits, limit, pick);
        counts.push({ limit, pick, used: usedOf(its, { asked, max: limit.max }) });
      }
      this.#file(counter, known);
    }
    return counts;
  }

  #each(
    counters: readonly CounterRef[],
    picks: readonly WindowPick[],
    change: (limit: KnownLimit) => void,
  ): void {
    let index = 0;
    for (const counter of counters) {
      const known = this.#load(counter);
      for (const { field, bounds } of counter.ladder) {
        const startsAt = bounds[picks[index++]!];
        const limit = known && find(known.limits, field);
        if (limit?.startsAt === startsAt) change(limit);
      }
      if (known) this.#file(counter, known);
    }
  }

  #load(counter: CounterRef): KnownCounter | undefined {
    return this.#unsettled.get(counter.key) ?? this.#settled.load(hashOf(counter));
  }

  #file(counter: CounterRef, known: KnownCounter): void {
    if (known.limits.some(({ local }) => local > 0)) {
      this.#unsettled.set(counter.key, known);
    } else {
      this.#unsettled.delete(counter.key);
      this.#settled.store(hashOf(counter), known);
    }
  }
}

/** Where a counter is known: it may change places while the store is being asked. */
interface Known {
  readonly settled: SettledCounters;
  readonly unsettled: ReadonlyMap<string, KnownCounter>;
}

/** Units that the store is being asked for: it may be taking them right now. */
export class Asking {
  constructor(
    private readonly counters: readonly CounterRef[],
    private readonly amount: number,
    private readonly known: Known,
  ) {
    for (const counter of counters) {
      const unsettled = known.unsettled.get(counter.key);
      if (unsettled === undefined) known.settled.ask(hashOf(counter), counter.ladder, amount);
      else unsettled.asked += amount;
    }
  }

  /** Notes what the store has said, if it has said anything, and that it is not being asked any more. */
  ends(counts?: Counts): void {
    const { settled, unsettled } = this.known;
    let first = 0;
    for (let index = 0; index < this.counters.length; index++) {
      const counter = this.counters[index]!;
      const { key, ladder } = counter;
      const known = unsettled.get(key);
      if (known === undefined) {
        settled.ask(hashOf(counter), ladder, -this.amount);
        if (counts !== undefined) settled.hear(hashOf(counter), ladder, counts, first);
      } else {
        known.asked = Math.max(0, known.asked - this.amount);
        if (counts !== undefined) hear(known, ladder, counts, first);
      }
      first += ladder.length;
    }
  }
}

/** Kept with the counter's question. */
function hashOf(counter: CounterRef): number {
  return (counter.hash ??= textHash(counter.key));
}

function hear({ limits }: KnownCounter, ladder: Ladder, counts: Counts, first: number): void {
  for (let index = 0; index < ladder.length; index++) {
    const { pick, used } = counts[first + index]!;
    openWindow(limits, ladder[index]!, pick).used = used;
  }
}

export interface LocalTake<L extends LimitCeiling = LimitCeiling> {
  readonly outcome: 'taken' | 'refused';
  readonly counts: Counts<L>;
}

/** A count that belongs to whoever asked for it. */
interface OwnCount<L extends LimitCeiling> {
  readonly limit: L;
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
