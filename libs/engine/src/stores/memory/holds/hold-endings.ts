import type { Amounts } from '@sundial/contract';
import type { LimitCount, LimitSpec, WindowIndex } from '../../counter-ref.js';
import { REMEMBER_MS } from '../../take.js';
import type { WindowMismatch } from '../../own-windows.js';
import type { EndHoldRequest, EndHoldResult, Ending } from '../../holds.js';
import { enforcedMax } from '../../overrides.js';
import { startsAtOf } from '../../window-index.js';
import type { MutableCount } from '../state/counter-table.js';
import type { Windows } from '../state/counter-records.js';
import {
  committedEntries,
  CONCURRENT_FIELD,
  hasExpired,
  isOf,
  takenMeters,
  storedReservation,
  unitsOf,
  withNamed,
  type HeldCounter,
  type HeldEntry,
  type MemoryReservation,
} from './memory-reservation.js';
import { inWindows, joinedParts, keptParts, type PackPart } from '../../../operations/taken-from-packs.js';
import { givenOf, NOTHING_DRAWN, type DrawnPacks, type MemoryPacks } from '../packs/memory-packs.js';
import type { ReservationRecords } from './reservation-records.js';

/** How reservations end, and are extended. */
export class HoldEndings {
  constructor(
    private readonly records: ReservationRecords,
    private readonly packs: () => Pick<MemoryPacks, 'drawFor' | 'drawUpTo' | 'haveUnits'>,
  ) {}

  /** `look` reads the limits of now. */
  end<L extends LimitSpec>(
    request: EndHoldRequest<L>,
    look: (counters: EndHoldRequest<L>['counters']) => MutableCount<L>[] | WindowMismatch,
    now: number,
  ): EndHoldResult<L> {
    const { operation, ending, takenAt, counters } = request;
    const found = this.records.find(operation.id, now);
    if (found.kind !== 'reservation') return NOT_FOUND;
    const { reservation } = found;
    if (takenAt !== undefined && !isOf(reservation, takenAt)) return NOT_FOUND;
    if (reservation.counters.length !== counters.length) return NOT_FOUND;
    if (ending.kind === 'extend' && !hasEnded(reservation, now))
      return this.#extend(request, ending, reservation, { look, now });
    const drawn = this.#drawnFor(request, reservation, look, now);
    if ('outcome' in drawn) return drawn;
    const ended = this.#ended(ending, reservation, now, drawn);
    return {
      outcome: ended.outcome,
      reservation: storedReservation(ended.reservation, now),
      windows: this.records.units.windows(ended.reservation.counters, counters),
    };
  }

  /** What a commit takes from packs of what it counts above what is held: what the windows that gave it have no room for. */
  #drawnFor<L extends LimitSpec>(
    { ending, counters, offersLimits = false }: EndHoldRequest<L>,
    reservation: MemoryReservation,
    look: (counters: EndHoldRequest<L>['counters']) => MutableCount<L>[] | WindowMismatch,
    now: number,
  ): DrawnPacks | WindowMismatch {
    if (ending.kind !== 'commit' || hasEnded(reservation, now)) return NOTHING_DRAWN;
    const more = moreThan(reservation.held, withNamed(reservation.held, ending));
    const beside = reservation.counters.map(({ key }) => key);
    if (more === undefined || !this.packs().haveUnits(beside, more)) return NOTHING_DRAWN;
    if (!offersLimits) return { outcome: 'window-mismatch' };
    const counts = look(counters);
    if ('outcome' in counts) return counts;
    return this.packs().drawUpTo(counts, ({ counter, limit, windowIndex }) => {
      const entries = reservation.counters[counters.indexOf(counter)]?.entries ?? [];
      const last = entries.findLast(({ field }) => field === limit.field);
      const isIn = last?.startsAt === startsAtOf(limit, windowIndex) && limit.field !== CONCURRENT_FIELD;
      return isIn ? unitsOf(more, limit.field) : 0;
    });
  }

  #ended(ending: Ending, reservation: MemoryReservation, now: number, { parts }: DrawnPacks): Ended {
    const { state } = reservation;
    const expired = hasExpired(reservation, now);
    switch (ending.kind) {
      case 'look':
        return { outcome: 'found', reservation };
      case 'extend':
        return { outcome: 'ended-otherwise', reservation };
      case 'commit': {
        if (state === 'committed') return { outcome: 'ended', reservation };
        if (state === 'released') return { outcome: 'ended-otherwise', reservation };
        const meters = withNamed(reservation.held, ending);
        return {
          outcome: 'ended',
          reservation: this.commit(reservation, meters, { late: expired, now, parts }),
        };
      }
      case 'release': {
        if (state === 'released') return { outcome: 'ended', reservation };
        if (state === 'committed') return { outcome: 'ended-otherwise', reservation };
        if (expired)
          return { outcome: reservation.onExpiry === 'release' ? 'ended' : 'ended-otherwise', reservation };
        return { outcome: 'ended', reservation: this.release(reservation, now) };
      }
      default:
        return ending satisfies never;
    }
  }

  /** Counts these meters, whatever it holds or its expiry has left. */
  commit(
    reservation: MemoryReservation,
    meters: Amounts,
    { late, now, until, parts: drawn = [] }: Committing,
  ): MemoryReservation {
    const parts = joinedParts(reservation.packs ?? [], drawn);
    const kept = keptParts(parts, withParts(reservation.held, drawn), meters);
    const packs = this.records.exchange(reservation, kept);
    const counted = inWindows(meters, packs);
    const counters = reservation.counters.map(({ key, entries }) => ({
      key,
      entries: committedEntries(entries, counted),
    }));
    this.#change(reservation, counters);
    const ended: MemoryReservation = {
      ...reservation,
      state: 'committed',
      committed: takenMeters(meters, reservation.held),
      late,
      counters,
      packs: packs.length > 0 ? packs : undefined,
    };
    return this.#saved(ended, now, until);
  }

  release(reservation: MemoryReservation, now: number, until?: number): MemoryReservation {
    const counters = reservation.counters.map(({ key, entries }) => ({
      key,
      entries: entries.map(ofNothing),
    }));
    this.records.exchange(reservation, []);
    this.#change(reservation, counters);
    return this.#saved({ ...reservation, state: 'released', counters, packs: undefined }, now, until);
  }

  /** Makes the counters keep what `ended` says. */
  #change(reservation: MemoryReservation, ended: readonly HeldCounter[]): void {
    const { units, live } = this.records;
    const isLive = live.get(reservation.id) !== undefined;
    reservation.counters.forEach((counter, at) =>
      counter.entries.forEach((entry, index) => {
        const kept = ended[at]?.entries[index]?.units ?? 0;
        if (isLive) units.end(counter, entry, kept);
        else units.add(counter, entry, kept - (reservation.onExpiry === 'commit' ? entry.units : 0));
      }),
    );
  }

  /** A settled one is remembered as long as its settlements may be repeated, counted from now. */
  #saved(ended: MemoryReservation, now: number, settledUntil?: number): MemoryReservation {
    const { at, until, expiresAt } = ended;
    const isSettled = until > expiresAt + REMEMBER_MS;
    const since = settledUntil === undefined ? now - at : 0;
    const least = Math.max(now + REMEMBER_MS, settledUntil ?? -Infinity);
    const saved = { ...ended, until: isSettled ? Math.max(until + since, least) : least };
    this.records.save(saved);
    return saved;
  }

  #extend<L extends LimitSpec>(
    { counters }: EndHoldRequest<L>,
    ending: Extract<Ending, { readonly kind: 'extend' }>,
    reservation: MemoryReservation,
    {
      look,
      now,
    }: {
      readonly look: (counters: EndHoldRequest<L>['counters']) => MutableCount<L>[] | WindowMismatch;
      readonly now: number;
    },
  ): EndHoldResult<L> {
    const counts = look(counters);
    if ('outcome' in counts) return counts;
    const held = takenMeters(
      largerOf(reservation.held, withNamed(reservation.held, ending)),
      reservation.held,
    );
    const addedTo = (count: LimitCount<L>) =>
      unitsOf(held, count.limit.field) - unitsOf(reservation.held, count.limit.field);
    const fits = counts.every((count) => {
      const added = addedTo(count);
      return added <= 0 || count.used + count.reserved + added <= enforcedMax(count);
    });
    const drawn = fits ? NOTHING_DRAWN : this.packs().drawFor(counts, addedTo);
    const refused = { outcome: 'refused', counts, reservation: storedReservation(reservation, now) } as const;
    if (drawn === undefined) return refused;
    const addedIn = (count: LimitCount<L>) => addedTo(count) - givenOf(count.limit, drawn);
    const grown = reservation.counters.map(({ key, entries }, at): HeldCounter => {
      const its = counts.filter(({ counter }) => counter === counters[at]);
      return { key, entries: its.reduce((all, count) => grownBy(all, count, addedIn(count)), entries) };
    });
    const expiresAt = Math.max(reservation.expiresAt, now + (ending.ttlMs ?? 0));
    const until = Math.max(reservation.until, expiresAt + REMEMBER_MS);
    const joined = joinedParts(reservation.packs ?? [], drawn.parts);
    const packs = joined.length > 0 ? joined : undefined;
    const extended = { ...reservation, held, counters: grown, expiresAt, until, packs };
    if (!this.records.canKeep(extended)) return refused;
    if (drawn !== NOTHING_DRAWN) this.records.exchange(reservation, joined);
    for (const count of counts) this.#hold(count, addedIn(count));
    this.records.save(extended);
    const shown = drawn !== NOTHING_DRAWN && { packs: drawn.parts };
    return { outcome: 'extended', counts, reservation: storedReservation(extended, now), ...shown };
  }

  #hold(count: MutableCount, added: number): void {
    if (added <= 0) return;
    const { counter, limit, windowIndex, used } = count;
    count.reserved += added;
    this.records.units.hold(counter, limit, windowIndex, { used, reserved: count.reserved });
  }
}

/** The entries of a counter, with what is added in the window of a limit. */
export function grownBy(
  entries: readonly HeldEntry[],
  { limit, windowIndex }: { readonly limit: Windows; readonly windowIndex: WindowIndex },
  added: number,
): readonly HeldEntry[] {
  if (added <= 0) return entries;
  const startsAt = startsAtOf(limit, windowIndex);
  const isIn = (entry: HeldEntry) => entry.field === limit.field && entry.startsAt === startsAt;
  if (!entries.some(isIn)) return [...entries, { field: limit.field, startsAt, units: added }];
  return entries.map((entry) => (isIn(entry) ? { ...entry, units: entry.units + added } : entry));
}

interface Committing {
  readonly late: boolean;
  readonly now: number;
  readonly until?: number;
  /** What the commit takes from packs beside what is held of them. */
  readonly parts?: readonly PackPart[];
}

interface Ended {
  readonly outcome: 'ended' | 'found' | 'ended-otherwise';
  readonly reservation: MemoryReservation;
}

function hasEnded(reservation: MemoryReservation, now: number): boolean {
  return reservation.state !== 'held' || hasExpired(reservation, now);
}

function ofNothing({ field, startsAt }: HeldEntry): HeldEntry {
  return { field, startsAt, units: 0 };
}

/** What is committed above what is held, of each meter where it is; undefined where it is of none. */
function moreThan(held: Amounts, committed: Amounts): Amounts | undefined {
  const more = Object.entries(committed)
    .map(([meter, units]): [string, number] => [meter, units - unitsOfMeter(held, meter)])
    .filter(([, units]) => units > 0);
  return more.length > 0 ? Object.fromEntries(more) : undefined;
}

/** What is held, and what else packs give. */
function withParts(held: Amounts, parts: readonly PackPart[]): Amounts {
  const all = new Map(Object.entries(held));
  for (const { meter, taken } of parts) all.set(meter, (all.get(meter) ?? 0) + taken);
  return Object.fromEntries(all);
}

/** Of each meter the larger one. */
export function largerOf(held: Amounts, named: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(named).map(([meter, units]) => [meter, Math.max(units, unitsOfMeter(held, meter))]),
  );
}

function unitsOfMeter(meters: Amounts, meter: string): number {
  return Object.hasOwn(meters, meter) ? meters[meter]! : 0;
}

const NOT_FOUND = { outcome: 'not-found' } as const;
