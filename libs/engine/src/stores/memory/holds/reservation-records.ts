import { REMEMBER_MS } from '../../take.js';
import { MAX_DUE_HOLDS } from '../../holds.js';
import type { MemoryOperation } from '../state/operation-record.js';
import { asVoided, FREED } from '../../../operations/attempts.js';
import type { MemoryState } from '../state/memory-state.js';
import { CounterUnits } from './counter-units.js';
import type { PackPart } from '../../../operations/taken-from-packs.js';
import type { MemoryPacks } from '../packs/memory-packs.js';
import { LiveHolds } from './live-holds.js';
import {
  decodeReservation,
  encodeReservation,
  isFree,
  type HeldEntry,
  type MemoryReservation,
} from './memory-reservation.js';

/** A live hold is written to the log again so often: what is older than `REMEMBER_MS` there may be removed. */
const REFRESH_EVERY_MS = REMEMBER_MS / 3;
/**
 * An operation record has 16 bits for its length. A reservation of more, with hundreds of limits, is not taken: a restart would
 * forget it, and its units would be held for ever.
 */
const MAX_CONTENT_LENGTH = 60_000;
/** So many have room, whatever they are. */
const FEW_ENTRIES = 32;
/** Room for attempts that join it and for what its end adds: `committed`, of 8 meters. */
const ENDING_LENGTH = 2_000;
/** First letters of the contents of operations that are no checks: one that was refunded, and a return. */
export const REFUNDED = '@f';
export const RETURNED = '@g';
/** As the first byte of all these contents. */
const OTHER_KIND = '@'.charCodeAt(0);

/**
 * Reservations of the embedded store: those that hold units in memory, each also as an operation record, so that they are
 * remembered and logged as all operations are.
 */
export class ReservationRecords {
  readonly live = new LiveHolds();
  readonly units: CounterUnits;
  readonly #state: MemoryState;
  readonly #refresher: NodeJS.Timeout;

  constructor(
    state: MemoryState,
    private readonly packs: () => Pick<MemoryPacks, 'exchange'>,
  ) {
    this.#state = state;
    this.units = new CounterUnits(state);
    this.#refresher = setInterval(() => this.#refresh(), REFRESH_EVERY_MS).unref();
  }

  /** What is remembered of the operation: nothing, a check, a reservation, or a mark of another kind. */
  find(id: string, now: number): FoundOperation {
    const live = this.live.get(id);
    if (live !== undefined) return { kind: 'reservation', reservation: live };
    const recorded = this.#state.operation(id, now);
    if (recorded === undefined) return { kind: 'none' };
    if (recorded.voided) return { kind: 'tombstone', attempts: asVoided(recorded.attempts) };
    const reservation = decodeReservation(id, recorded);
    if (reservation !== undefined) return { kind: 'reservation', reservation };
    if (recorded.content.startsWith(REFUNDED))
      return { kind: 'refunded', content: recorded.content.slice(2) };
    if (recorded.content.startsWith(RETURNED))
      return { kind: 'returned', content: recorded.content.slice(2) };
    return { kind: 'counted', recorded };
  }

  /** Why a check or a reserve under the id is no new operation; undefined where it is. */
  standing(recorded: MemoryOperation, id: string, now: number): 'refunded' | 'conflict' | undefined {
    if (recorded.content.startsWith(REFUNDED)) return 'refunded';
    const reservation = this.live.get(id) ?? decodeReservation(id, recorded);
    if (reservation === undefined) return 'conflict';
    if (reservation.refunded) return 'refunded';
    return isFree(reservation, now) ? undefined : 'conflict';
  }

  /** Whether its record has room for it, also when it ends. */
  canKeep(reservation: MemoryReservation): boolean {
    let entries = 0;
    for (const counter of reservation.counters) entries += counter.entries.length;
    return (
      entries <= FEW_ENTRIES || encodeReservation(reservation).length <= MAX_CONTENT_LENGTH - ENDING_LENGTH
    );
  }

  /** Remembers it; while it holds units, in memory as well. */
  save(reservation: MemoryReservation): void {
    if (reservation.state === 'held') this.live.put(reservation);
    else this.live.remove(reservation);
    this.#record(reservation);
  }

  /** Remembers a mark of another kind under the id. */
  mark(
    id: string,
    content: string,
    { attempts, until }: { readonly attempts: string; readonly until: number },
  ): void {
    const countedAt = Date.now();
    this.#state.remember(id, { content, attempts, at: until, until, voided: false, countedAt });
  }

  forget(reservation: MemoryReservation): void {
    this.live.remove(reservation);
  }

  /** Ends the holds that are due, a bounded number of them, each as of the instant it expired. */
  endDue(now: number): void {
    if (this.live.size === 0) return;
    for (let n = 0; n < MAX_DUE_HOLDS; n++) {
      const due = this.live.firstDue(now);
      if (due === undefined) return;
      this.endEntries(due, due.onExpiry === 'commit' ? (entry) => entry.units : () => 0);
      if (due.onExpiry === 'release') this.exchange(due, NO_PARTS);
      this.save({ ...due, state: 'expired' });
    }
  }

  /** Puts these parts in the place of what a reservation has of packs; what its expiry had given back is taken again as far as it is there. */
  exchange(reservation: MemoryReservation, parts: readonly PackPart[]): readonly PackPart[] {
    const { id, state, onExpiry, counters, packs = NO_PARTS } = reservation;
    if (packs.length === 0 && parts.length === 0) return NO_PARTS;
    const isTaken = this.live.get(id) !== undefined || state === 'committed' || onExpiry === 'commit';
    const beside = counters.map(({ key }) => key);
    return this.packs().exchange(beside, { before: isTaken ? packs : NO_PARTS, parts, isTaken });
  }

  /** Ends what a reservation holds in all of its counters. */
  endEntries(
    { counters }: MemoryReservation,
    kept: (entry: HeldEntry, index: number, counter: number) => number,
  ): void {
    counters.forEach((counter, at) =>
      counter.entries.forEach((entry, index) => this.units.end(counter, entry, kept(entry, index, at))),
    );
  }

  /**
   * Takes over what the log held. What is held of a counter is what its live holds say: of the last moment before a crash, the
   * counter may be in the log without them.
   */
  restore(): void {
    for (const [id, recorded] of this.#state.recordsWith(OTHER_KIND)) {
      const reservation = decodeReservation(id, recorded);
      if (reservation?.state === 'held') this.live.put(reservation);
    }
    const held = new Map<string, number>();
    for (const { counters } of this.live.values())
      for (const { key, entries } of counters)
        for (const { field, startsAt, units } of entries) {
          const name = `${key} ${field} ${startsAt}`;
          held.set(name, (held.get(name) ?? 0) + units);
        }
    for (const { key, limit } of this.#state.reservedLimits()) {
      const units = held.get(`${key} ${limit.field} ${limit.startsAt}`) ?? 0;
      if (units !== limit.reserved)
        this.#state.setReserved({ key, shardGroup: '', limits: [] }, limit.field, units);
    }
  }

  close(): void {
    clearInterval(this.#refresher);
  }

  #refresh(): void {
    if (this.live.size > 0) this.#state.beginChange();
    for (const reservation of this.live.values()) this.#record(reservation);
  }

  #record(reservation: MemoryReservation): void {
    const { id, attempts, at, until } = reservation;
    const whole = encodeReservation(reservation);
    // One that was decided without the store, and takes of more than it would: it is remembered, and not from where it took.
    const content =
      whole.length > MAX_CONTENT_LENGTH ? encodeReservation({ ...reservation, counters: [] }) : whole;
    this.#state.remember(id, { content, attempts, at, until, voided: false, countedAt: Date.now() });
  }
}

const NO_PARTS: readonly PackPart[] = [];

export type FoundOperation =
  | { readonly kind: 'none' }
  | { readonly kind: 'tombstone'; readonly attempts: string }
  | { readonly kind: 'counted'; readonly recorded: MemoryOperation }
  | { readonly kind: 'reservation'; readonly reservation: MemoryReservation }
  | { readonly kind: 'refunded' | 'returned'; readonly content: string };

/** The attempts that stay voided in a new record in its place; undefined where there are none. */
export function voidedBefore(found: FoundOperation): string | undefined {
  if (found.kind === 'reservation') return FREED;
  return found.kind === 'tombstone' ? found.attempts : undefined;
}
