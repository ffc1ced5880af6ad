import {
  amountOf,
  heldAmountOf,
  type Amounts,
  type CounterRef,
  type Counts,
  hasRoom,
  type LimitCount,
  type LimitSpec,
  settledCounters,
  type SettledLimit,
  startsAtOf,
  type Takes,
  textHash,
  unitsOf,
  UNLIMITED,
  type WindowIndex,
} from '@sundial/engine/ports';
import { AskedMeters } from './asked-meters.js';
import { KnownOverrides, sharedMax } from './known-overrides.js';
import { LoweredLimitSets } from './lowered-limit-sets.js';
import { SettledCounters, type KnownCounter, type KnownLimit } from './settled-counters.js';

/** How many nodes share what remains, and which of them this one is, counted from 0. */
export interface NodeShare {
  readonly live: number;
  readonly rank: number;
}

/**
 * This node's view of the counters: the usage it was last answered, and what it allowed by itself since. When the
 * store does not answer, policy `local` enforces the limits with it: each live node may use its share of what
 * remained. Shares add up to exactly what remained, so nodes that knew the same usage stay within the limit.
 */
export class LocalCounters {
  readonly #lowered = new LoweredLimitSets();
  readonly #settled = new SettledCounters();
  readonly #asked = new AskedMeters();
  readonly #overrides = new KnownOverrides();
  /**
   * Counters with units that are not recorded in the store: as many as settlements are pending for, and never forgotten
   * before.
   */
  readonly #unsettled = new Map<string, KnownCounter>();

  /** The store is being asked for units: until it has answered or is given up, they are not this node's to allow. */
  asking(counters: readonly CounterRef[], { amount, amounts }: Amounts): Asking {
    const [settled, unsettled, asked] = [this.#settled, this.#unsettled, this.#asked];
    const known = { settled, unsettled, asked, overrides: this.#overrides };
    return new Asking(counters, { amount, amounts }, known);
  }

  /** Where the limits stand: what the store said last, and what was allowed here since. */
  counts<L extends LimitSpec>(counters: readonly CounterRef<L>[], now: number): Counts<L> {
    return this.#count(counters, now, ({ used, local }) => used + local);
  }

  /** What the store says now, and what was allowed here and is not recorded there yet. */
  added<L extends LimitSpec>(counts: Counts<L>): Counts<L> {
    return counts.map((count) => {
      const { counter, limit, windowIndex, used, reserved } = count;
      const its = find(this.#unsettled.get(counter.key)?.limits ?? [], limit.field);
      if (its?.startsAt !== startsAtOf(limit, windowIndex)) return count;
      const { local, held = 0 } = its;
      return { ...count, used: used + local - held, reserved: reserved + held };
    });
  }

  /** Takes from all counters or from none, like a store; what may still be taken here is what its counts leave. */
  take<L extends LimitSpec>(
    counters: readonly CounterRef<L>[],
    takes: Takes,
    now: number,
    share: NodeShare,
  ): LocalTake<L> {
    const counts = this.#count(counters, now, ({ used, local }, { asked, max }) => {
      if (max === UNLIMITED) return used + local;
      const mine = shareOf(Math.max(0, max - used), share);
      const withOthers = Math.max(used, max - mine) + local + asked;
      return Math.max(used + local, Math.min(withOthers, max));
    });
    if (!hasRoom(counts, takes.amount, takes.amounts, takes.hold === undefined ? amountOf : heldAmountOf))
      return { outcome: 'refused', counts };
    this.count(settledCounters(counts), takes);
    for (const count of counts) {
      if (takes.hold === undefined) count.used += unitsOf(count.limit, takes);
      else count.reserved += unitsOf(count.limit, takes);
    }
    return { outcome: 'taken', counts };
  }

  /** Records what was allowed here, whether or not it fitted. */
  count(counters: readonly CounterRef<SettledLimit>[], takes: Takes): void {
    this.#each(counters, takes, (limit, units) => {
      limit.local += units;
      if (takes.hold !== undefined) limit.held = (limit.held ?? 0) + units;
    });
  }

  /** It was not allowed after all. */
  takeBack(counters: readonly CounterRef<SettledLimit>[], takes: Takes): void {
    this.#each(counters, takes, (limit, units) => lower(limit, units, takes));
  }

  /** Notes what was allowed here before this process started. */
  restore(counters: readonly CounterRef<SettledLimit>[], takes: Takes, now: number): void {
    this.counts(counters, now);
    this.count(counters, takes);
  }

  /** The store has recorded what was allowed here, or never will. */
  settled(counters: readonly CounterRef<SettledLimit>[], takes: Takes): void {
    this.#each(counters, takes, (limit, units) => {
      lower(limit, units, takes);
      limit.used += units;
    });
  }

  /**
   * The same counters, with what was allowed here and is not recorded in the store yet taken off their limits' max: the
   * store keeps to the limit also while some of the usage is pending.
   */
  lowered<L extends LimitSpec>(counters: readonly CounterRef<L>[]): readonly CounterRef<L>[] {
    let isLowered = false;
    const lowered = counters.map((counter) => {
      const limits = this.#unsettled.get(counter.key)?.limits;
      if (!limits?.some(({ local }) => local > 0)) return counter;
      isLowered = true;
      return { ...counter, limits: this.#lowered.of(counter.limits, limits) };
    });
    return isLowered ? lowered : counters;
  }

  #count<L extends LimitSpec>(
    counters: readonly CounterRef<L>[],
    now: number,
    usedOf: (limit: KnownLimit, of: { readonly asked: number; readonly max: number }) => number,
  ): OwnCount<L>[] {
    const counts: OwnCount<L>[] = [];
    for (const counter of counters) {
      const known = this.#load(counter) ?? { limits: [], asked: 0 };
      const { limits } = known;
      const meters = this.#asked.of(counter.key);
      for (const limit of counter.limits) {
        const asked = amountOf(limit, known.asked, meters);
        const windowIndex = indexOf(limits, limit, now);
        const its = openWindow(limits, limit, windowIndex);
        const { held = 0 } = its;
        const override = this.#overrides.of(counter.key, limit.field, now);
        const used = usedOf(its, { asked, max: sharedMax({ limit }, override) }) - held;
        const count = { counter, limit, windowIndex, used, reserved: held };
        counts.push(override === undefined ? count : { ...count, override });
      }
      this.#file(counter, known);
    }
    return counts;
  }

  #each(
    counters: readonly CounterRef<SettledLimit>[],
    takes: Takes,
    change: (limit: KnownLimit, units: number) => void,
  ): void {
    for (const counter of counters) {
      const known = this.#load(counter);
      if (known === undefined) continue;
      for (const settled of counter.limits) {
        const limit = find(known.limits, settled.field);
        if (limit?.startsAt !== startsAtOf(settled, settled.windowIndex)) continue;
        change(limit, unitsOf(settled, takes));
      }
      this.#file(counter, known);
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
  readonly asked: AskedMeters;
  readonly overrides: KnownOverrides;
}

/** Units that the store is being asked for: it may be taking them right now. */
export class Asking {
  constructor(
    private readonly counters: readonly CounterRef[],
    private readonly takes: Amounts,
    private readonly known: Known,
  ) {
    const { amount, amounts } = takes;
    for (const counter of counters) {
      const unsettled = known.unsettled.get(counter.key);
      if (unsettled === undefined) known.settled.ask(hashOf(counter), counter.limits, amount);
      else unsettled.asked += amount;
      if (amounts !== undefined) known.asked.begin(counter.key, amounts);
    }
  }

  /** Notes what the store answered, if it did, and that it is no longer being asked. */
  ends(counts: Counts = []): void {
    const { settled, unsettled, asked, overrides } = this.known;
    const { amount, amounts } = this.takes;
    for (const counter of this.counters) {
      const known = unsettled.get(counter.key);
      if (known === undefined) settled.ask(hashOf(counter), counter.limits, -amount);
      else known.asked = Math.max(0, known.asked - amount);
      if (amounts !== undefined) asked.end(counter.key, amounts);
    }
    overrides.hear(counts);
    for (const count of counts) {
      const known = unsettled.get(count.counter.key);
      if (known === undefined) settled.hear(hashOf(count.counter), count);
      else openWindow(known.limits, count.limit, count.windowIndex).used = count.used + count.reserved;
    }
  }
}

/** Kept with the counter's reference. */
function hashOf(counter: CounterRef): number {
  return (counter.hash ??= textHash(counter.key));
}

export interface LocalTake<L extends LimitSpec = LimitSpec> {
  readonly outcome: 'taken' | 'refused';
  readonly counts: Counts<L>;
}

/** A count that belongs to the caller. */
interface OwnCount<L extends LimitSpec> extends LimitCount<L> {
  used: number;
  reserved: number;
}

/** So many units are not this node's any more. */
function lower(limit: KnownLimit, units: number, { hold }: Takes): void {
  limit.local = Math.max(0, limit.local - units);
  if (hold !== undefined && limit.held !== undefined) limit.held = Math.max(0, limit.held - units);
}

/** Windows never go back, as in a store: the later one stays the current one. */
function indexOf(limits: readonly KnownLimit[], { field, bounds }: LimitSpec, now: number): WindowIndex {
  if (now >= bounds[1]) return 'next';
  return find(limits, field)?.startsAt === bounds[1] ? 'next' : 'current';
}

function find(limits: readonly KnownLimit[], field: string): KnownLimit | undefined {
  for (const limit of limits) if (limit.field === field) return limit;
  return undefined;
}

function openWindow(limits: KnownLimit[], spec: LimitSpec, windowIndex: WindowIndex): KnownLimit {
  const { field } = spec;
  const startsAt = startsAtOf(spec, windowIndex);
  let limit = find(limits, field);
  if (limit === undefined) limits.push((limit = { field, startsAt, used: 0, local: 0 }));
  if (limit.startsAt !== startsAt) Object.assign(limit, { startsAt, used: 0, local: 0, held: undefined });
  return limit;
}

function shareOf(remaining: number, { live, rank }: NodeShare): number {
  const nodes = Math.max(1, live);
  return Math.floor(remaining / nodes) + (rank < remaining % nodes ? 1 : 0);
}
