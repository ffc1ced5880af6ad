import { MAX_HOLDS } from '@sundial/contract';
import { heldAmountOf } from '../../../operations/amounts.js';
import { hasRoom } from '../../room.js';
import {
  REMEMBER_MS,
  type CounterRef,
  type LimitSpec,
  type TakeRequest,
  type TakeResult,
} from '../../store.js';
import type { HoldTerms } from '../../holds.js';
import { startsAtOf } from '../../window-index.js';
import type { MutableCount } from '../state/counter-table.js';
import type { MemoryState } from '../state/memory-state.js';
import {
  isFree,
  metersOf,
  storedReservation,
  type HeldCounter,
  type HeldEntry,
  type MemoryReservation,
} from './memory-reservation.js';
import type { ReservationRecords } from './reservation-records.js';

/** As in the script: an operation that is repeated for ever takes no more room than this. */
const MAX_ATTEMPTS_LENGTH = 1_000;

/** Takes that hold what they take. */
export class HoldTakes {
  constructor(
    private readonly state: MemoryState,
    private readonly records: ReservationRecords,
  ) {}

  /** `counts` are those of now. */
  take<L extends LimitSpec>(
    request: TakeRequest<L>,
    hold: HoldTerms,
    counts: MutableCount<L>[],
    now: number,
  ): TakeResult<L> {
    const known = this.#replay(request, counts, now);
    if (known !== undefined) return known;
    const { amount, amounts, counters } = request;
    if (!hasRoom(counts, amount, amounts, heldAmountOf)) return { outcome: 'refused', counts };
    if (counters.some(({ key }) => this.records.live.countOf(key) >= MAX_HOLDS))
      return { outcome: 'too-many-holds', counts };
    if (!this.state.hasRoomFor(counters)) return { outcome: 'full', counts };
    const reservation = this.#place(request, hold, counts, now);
    return { outcome: 'taken', counts, reservation: storedReservation(reservation, now) };
  }

  #replay<L extends LimitSpec>(
    { operation }: TakeRequest<L>,
    counts: MutableCount<L>[],
    now: number,
  ): TakeResult<L> | undefined {
    const found = this.records.find(operation.id, now);
    switch (found.kind) {
      case 'none':
        return undefined;
      case 'tombstone':
        return found.attempt === operation.attempt ? { outcome: 'expired' } : undefined;
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
        const joined = withAttempt(reservation, operation.attempt);
        if (joined !== reservation) this.records.save(joined);
        const { at, until } = reservation;
        const counted = { at, until: Math.max(until, at + REMEMBER_MS) };
        return { outcome: 'replayed', counts, counted, reservation: storedReservation(joined, now) };
      }
      default:
        return found satisfies never;
    }
  }

  #place<L extends LimitSpec>(
    { operation, amount, amounts, counters }: TakeRequest<L>,
    { ttlMs, onExpiry }: HoldTerms,
    counts: MutableCount<L>[],
    now: number,
  ): MemoryReservation {
    let at = now;
    const held = new Map<CounterRef, HeldEntry[]>(counters.map((counter) => [counter, []]));
    for (const count of counts) {
      const { counter, limit, windowIndex, used } = count;
      const units = heldAmountOf(limit, amount, amounts);
      count.reserved = Math.min(count.reserved + units, Number.MAX_SAFE_INTEGER);
      this.records.units.hold(counter, limit, windowIndex, { used, reserved: count.reserved });
      const startsAt = startsAtOf(limit, windowIndex);
      held.get(counter)?.push({ field: limit.field, startsAt, units });
      at = Math.max(at, startsAt);
    }
    const expiresAt = now + ttlMs;
    const reservation: MemoryReservation = {
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
    };
    this.records.save(reservation);
    return reservation;
  }
}

/** One more attempt may rely on the reservation. */
export function withAttempt(reservation: MemoryReservation, attempt: string): MemoryReservation {
  const { attempts } = reservation;
  const isNoted = attempts.split(',').includes(attempt);
  if (isNoted || attempts.length + attempt.length > MAX_ATTEMPTS_LENGTH) return reservation;
  return { ...reservation, attempts: `${attempts},${attempt}` };
}
