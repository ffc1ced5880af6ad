import { UNITS_METER } from '@sundial/contract';
import { splitContent } from '../../../operations/taken-from-packs.js';
import { amountOf } from '../../../operations/amounts.js';
import type {
  GiveBackRequest,
  GiveBackResult,
  OperationRefund,
  OperationRefundResult,
  SetUsageRequest,
  SetUsageResult,
} from '../../reversals.js';
import type { CounterRef, LimitSpec } from '../../counter-ref.js';
import { REMEMBER_SETTLED_MS, type SettleRequest, type SettleResult } from '../../settlement.js';
import { REMEMBER_MS } from '../../take.js';
import { startsAtOf, windowIndexAt } from '../../window-index.js';
import type { MemoryPacks } from '../packs/memory-packs.js';
import type { MutableCount } from '../state/counter-table.js';
import { ownIndexAt, settledWindow } from '../state/own-ends.js';
import type { MemoryState } from '../state/memory-state.js';
import type { MemoryOperation } from '../state/operation-record.js';
import {
  hasExpired,
  isFree,
  metersOf,
  takenMeters,
  unitsOf,
  type MemoryReservation,
} from './memory-reservation.js';
import { REFUNDED, RETURNED, type ReservationRecords } from './reservation-records.js';

/** What is given back names `units` always, and no other meter of which it is nothing. */
const UNITS_ALONE = { [UNITS_METER]: 0 };

/** Refunds, returns and corrections of the embedded store. */
export class MemoryReversals {
  constructor(
    private readonly state: MemoryState,
    private readonly records: ReservationRecords,
    private readonly packs: () => Pick<MemoryPacks, 'giveBack'>,
  ) {}

  refund({ operation: { id }, counters }: OperationRefund, now: number): OperationRefundResult {
    const found = this.records.find(id, now);
    switch (found.kind) {
      case 'none':
      case 'tombstone':
      case 'returned':
        return { outcome: 'not-found' };
      case 'refunded':
        return { outcome: 'refunded', amounts: metersOf(found.content) };
      case 'counted':
        return this.#refundCounted(id, found.recorded, counters, now);
      case 'reservation':
        return this.#refundReservation(found.reservation, now);
      default:
        return found satisfies never;
    }
  }

  /** One that was decided without the store: what it refunds may still have to be counted, and then is not. */
  settleRefund(request: SettleRequest, now: number): SettleResult {
    const { operation, counters, decidedAt, rememberMs = REMEMBER_SETTLED_MS } = request;
    const { id, attempt: attempts } = operation;
    const until = Math.max(decidedAt + rememberMs, now + REMEMBER_MS);
    const found = this.records.find(id, now);
    switch (found.kind) {
      case 'none':
      case 'tombstone':
        this.records.mark(id, `${REFUNDED}0`, { attempts, until });
        return { outcome: 'voided' };
      case 'returned':
        return { outcome: 'voided' };
      case 'refunded':
        return { outcome: 'reversed' };
      case 'counted':
        this.#refundCounted(id, found.recorded, counters, now);
        return { outcome: 'reversed' };
      case 'reservation':
        return { outcome: this.#settleReservation(found.reservation, until, now) };
      default:
        return found satisfies never;
    }
  }

  /** `counts` are those of now. */
  giveBack<L extends LimitSpec>(
    { operation, amount, amounts }: GiveBackRequest<L>,
    counts: MutableCount<L>[],
    now: number,
  ): GiveBackResult<L> {
    const found = this.records.find(operation.id, now);
    if (found.kind === 'returned')
      return found.content === operation.content ? { outcome: 'replayed', counts } : { outcome: 'conflict' };
    const isNew =
      found.kind === 'none' ||
      found.kind === 'tombstone' ||
      (found.kind === 'reservation' && !found.reservation.refunded && isFree(found.reservation, now));
    if (!isNew) return { outcome: 'conflict' };
    const units = (count: MutableCount<L>) => amountOf(count.limit, amount, amounts);
    if (counts.some((count) => count.used < units(count))) return { outcome: 'nothing-to-return', counts };
    for (const count of counts) this.#setUsed(count, count.used - units(count));
    const { id, content, attempt } = operation;
    this.records.mark(id, RETURNED + content, { attempts: attempt, until: now + REMEMBER_MS });
    return { outcome: 'returned', counts };
  }

  setUsage<L extends LimitSpec>(
    counts: MutableCount<SetUsageRequest<L>['counters'][number]['limits'][number]>[],
  ): SetUsageResult<L> {
    for (const count of counts) this.#setUsed(count, count.limit.setTo);
    return { outcome: 'set', counts };
  }

  #setUsed(count: MutableCount, used: number): void {
    count.used = used;
    this.state.put(count.counter, count.limit, count.windowIndex, used);
  }

  #refundCounted(
    id: string,
    { content: recorded, attempts, at, until }: MemoryOperation,
    counters: readonly CounterRef[],
    now: number,
  ): OperationRefundResult {
    const { content, parts } = splitContent(recorded);
    const amounts = metersOf(content);
    const inWindows = new Map(Object.entries(amounts));
    for (const { meter, taken } of parts)
      inWindows.set(meter, Math.max((inWindows.get(meter) ?? 0) - taken, 0));
    const counted = Object.fromEntries(inWindows);
    this.packs().giveBack(
      counters.map(({ key }) => key),
      parts,
    );
    for (const counter of counters)
      for (const limit of counter.limits) {
        const index = windowIndexAt(limit, at) ?? ownIndexAt(this.state.counters, counter, limit, at);
        if (index === undefined) continue;
        const { windows, windowIndex } = settledWindow(this.state.counters, counter, limit, index);
        const entry = { field: limit.field, startsAt: startsAtOf(windows, windowIndex) };
        this.records.units.add(counter, entry, -unitsOf(counted, limit.field));
      }
    this.records.mark(id, REFUNDED + content, { attempts, until: Math.max(until, now + REMEMBER_MS) });
    return { outcome: 'refunded', amounts };
  }

  /** One that is held is released, and whatever would end it comes too late; one that is over stays so. */
  #settleReservation(reservation: MemoryReservation, until: number, now: number): 'reversed' | 'voided' {
    if (reservation.refunded) return 'reversed';
    const kept = { ...reservation, until: Math.max(reservation.until, until) };
    if (isFree(reservation, now)) {
      this.records.save({ ...kept, refunded: true });
      return 'voided';
    }
    if (reservation.state === 'held' && !hasExpired(reservation, now)) {
      this.records.endEntries(reservation, () => 0);
      this.records.exchange(reservation, []);
      this.records.save({ ...kept, refunded: true, state: 'released', packs: undefined });
      return 'reversed';
    }
    this.#refundReservation(kept, now);
    return 'reversed';
  }

  #refundReservation(reservation: MemoryReservation, now: number): OperationRefundResult {
    const { held, committed, counters, until } = reservation;
    const amounts = takenMeters(committed ?? held, UNITS_ALONE);
    if (reservation.refunded) return { outcome: 'refunded', amounts };
    if (isFree(reservation, now)) return { outcome: 'not-found' };
    if (reservation.state === 'held' && !hasExpired(reservation, now)) return { outcome: 'held' };
    for (const counter of counters)
      for (const entry of counter.entries) this.records.units.add(counter, entry, -entry.units);
    this.records.exchange(reservation, []);
    const remembered = Math.max(until, now + REMEMBER_MS);
    this.records.save({ ...reservation, refunded: true, until: remembered, packs: undefined });
    return { outcome: 'refunded', amounts };
  }
}
