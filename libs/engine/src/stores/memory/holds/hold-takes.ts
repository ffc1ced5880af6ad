import { MAX_HOLDS } from '@sundial/contract';
import { heldAmountOf } from '../../../operations/amounts.js';
import { joinedParts } from '../../../operations/taken-from-packs.js';
import { hasRoom } from '../../room.js';
import type { CounterRef, LimitSpec } from '../../counter-ref.js';
import { REMEMBER_MS, type TakeRequest, type TakeResult } from '../../take.js';
import type { HoldTerms } from '../../holds.js';
import { startsAtOf } from '../../window-index.js';
import { givenOf, NOTHING_DRAWN, type DrawnPacks, type MemoryPacks } from '../packs/memory-packs.js';
import type { MutableCount } from '../state/counter-table.js';
import type { MemoryState } from '../state/memory-state.js';
import { afterTombstone, isVoided, withAttempt } from '../../../operations/attempts.js';
import {
  isFree,
  metersOf,
  storedReservation,
  type HeldCounter,
  type HeldEntry,
  type MemoryReservation,
} from './memory-reservation.js';
import { voidedBefore, type FoundOperation, type ReservationRecords } from './reservation-records.js';

/** Takes that hold what they take. */
export class HoldTakes {
  constructor(
    private readonly state: MemoryState,
    private readonly records: ReservationRecords,
    private readonly packs: () => Pick<MemoryPacks, 'drawFor' | 'write'>,
  ) {}

  /** `counts` are those of now. */
  take<L extends LimitSpec>(
    request: TakeRequest<L>,
    hold: HoldTerms,
    counts: MutableCount<L>[],
    now: number,
  ): TakeResult<L> {
    const found = this.records.find(request.operation.id, now);
    const known = this.#replay(request, found, counts, now);
    if (known !== undefined) return known;
    const { amount, amounts, counters } = request;
    const drawn = hasRoom(counts, amount, amounts, heldAmountOf)
      ? NOTHING_DRAWN
      : this.packs().drawFor(counts, ({ limit }) => heldAmountOf(limit, amount, amounts));
    if (drawn === undefined) return { outcome: 'refused', counts };
    if (counters.some(({ key }) => this.records.live.countOf(key) >= MAX_HOLDS))
      return { outcome: 'too-many-holds', counts };
    if (!this.state.hasRoomFor(counters)) return { outcome: 'full', counts };
    const taken = this.#taken(request, { hold, drawn }, counts, now);
    const reservation = { ...taken, attempts: afterTombstone(taken.attempts, voidedBefore(found)) };
    // What could not be written down would be forgotten by a restart, and its units held for ever.
    if (!this.records.canKeep(reservation)) return { outcome: 'full', counts };
    this.packs().write(drawn);
    this.#hold(request, drawn, counts);
    this.records.save(reservation);
    const packs = drawn.parts.length > 0 && { packs: drawn.parts };
    return { outcome: 'taken', counts, reservation: storedReservation(reservation, now), ...packs };
  }

  #replay<L extends LimitSpec>(
    { operation }: TakeRequest<L>,
    found: FoundOperation,
    counts: MutableCount<L>[],
    now: number,
  ): TakeResult<L> | undefined {
    switch (found.kind) {
      case 'none':
        return undefined;
      case 'tombstone':
        return isVoided(found.attempts, operation.attempt) ? { outcome: 'expired' } : undefined;
      case 'counted':
      case 'returned':
        return { outcome: 'conflict' };
      case 'refunded':
        return { outcome: 'refunded' };
      case 'reservation': {
        const { reservation } = found;
        if (reservation.refunded) return { outcome: 'refunded' };
        if (isFree(reservation, now)) return undefined;
        if (reservation.content !== operation.content) return { outcome: 'conflict' };
        const attempts = withAttempt(reservation.attempts, operation.attempt);
        const joined = { ...reservation, attempts };
        if (attempts !== reservation.attempts) this.records.save(joined);
        const { at, until } = reservation;
        const counted = { at, until: Math.max(until, at + REMEMBER_MS) };
        return { outcome: 'replayed', counts, counted, reservation: storedReservation(joined, now) };
      }
      default:
        return found satisfies never;
    }
  }

  /** Takes what it holds from the counters, and in what was read of them. */
  #hold<L extends LimitSpec>(request: TakeRequest<L>, drawn: DrawnPacks, counts: MutableCount<L>[]): void {
    for (const count of counts) {
      const { counter, limit, windowIndex, used } = count;
      const units = unitsOf(limit, request, drawn);
      count.reserved = Math.min(count.reserved + units, Number.MAX_SAFE_INTEGER);
      this.records.units.hold(counter, limit, windowIndex, { used, reserved: count.reserved });
    }
  }

  /** The reservation that is taken now. */
  #taken<L extends LimitSpec>(
    request: TakeRequest<L>,
    { hold: { ttlMs, onExpiry }, drawn }: { readonly hold: HoldTerms; readonly drawn: DrawnPacks },
    counts: readonly MutableCount<L>[],
    now: number,
  ): MemoryReservation {
    const { operation, counters } = request;
    let at = now;
    const held = new Map<CounterRef, HeldEntry[]>(counters.map((counter) => [counter, []]));
    for (const { counter, limit, windowIndex } of counts) {
      const startsAt = startsAtOf(limit, windowIndex);
      const units = unitsOf(limit, request, drawn);
      held.get(counter)?.push({ field: limit.field, startsAt, units });
      at = Math.max(at, startsAt);
    }
    const expiresAt = now + ttlMs;
    return {
      id: operation.id,
      state: 'held',
      onExpiry,
      late: false,
      refunded: false,
      content: operation.content,
      attempts: operation.attempt,
      at,
      expiresAt,
      until: expiresAt + REMEMBER_MS,
      held: metersOf(operation.content),
      committed: undefined,
      counters: [...held].map(([{ key }, entries]): HeldCounter => ({ key, entries })),
      ...(drawn.parts.length > 0 && { packs: joinedParts([], drawn.parts) }),
    };
  }
}

function unitsOf(limit: LimitSpec, { amount, amounts }: TakeRequest, drawn: DrawnPacks): number {
  return heldAmountOf(limit, amount, amounts) - givenOf(limit, drawn);
}
