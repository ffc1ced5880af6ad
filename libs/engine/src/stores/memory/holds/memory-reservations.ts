import type { EndHoldRequest, EndHoldResult, HoldTerms } from '../../holds.js';
import type { LimitSpec } from '../../counter-ref.js';
import type { SettleRequest, SettleResult } from '../../settlement.js';
import type { TakeRequest, TakeResult } from '../../take.js';
import type { WindowMismatch } from '../../own-windows.js';
import type { MemoryPacks } from '../packs/memory-packs.js';
import type { MutableCount } from '../state/counter-table.js';
import type { MemoryState } from '../state/memory-state.js';
import { HoldEndings } from './hold-endings.js';
import { HoldJoining } from './hold-joining.js';
import { HoldSettlements } from './hold-settlements.js';
import { HoldTakes } from './hold-takes.js';
import { MemoryReversals } from './memory-reversals.js';
import { ReservationRecords } from './reservation-records.js';

/** Reads the limits of now; undefined where the offered windows are others. */
export type Look = <L extends LimitSpec>(
  counters: EndHoldRequest<L>['counters'],
  now: number,
) => MutableCount<L>[] | WindowMismatch;

/** Reservations of the embedded store, and what else changes counters afterwards. */
export class MemoryReservations {
  readonly records: ReservationRecords;
  readonly reversals: MemoryReversals;
  readonly #takes: HoldTakes;
  readonly #endings: HoldEndings;
  readonly #settlements: HoldSettlements;

  constructor(state: MemoryState, packs: () => MemoryPacks) {
    this.records = new ReservationRecords(state, packs);
    this.reversals = new MemoryReversals(state, this.records, packs);
    this.#takes = new HoldTakes(state, this.records, packs);
    this.#endings = new HoldEndings(this.records, packs);
    const joining = new HoldJoining(state, this.records);
    this.#settlements = new HoldSettlements(state, this.records, this.#endings, joining);
  }

  take<L extends LimitSpec>(
    request: TakeRequest<L>,
    hold: HoldTerms,
    counts: MutableCount<L>[],
    now: number,
  ): TakeResult<L> {
    return this.#takes.take(request, hold, counts, now);
  }

  endHold<L extends LimitSpec>(request: EndHoldRequest<L>, look: Look, now: number): EndHoldResult<L> {
    return this.#endings.end(request, (counters) => look(counters, now), now);
  }

  /** Of a reservation, and refunds; undefined for a settlement of a check. */
  settle(request: SettleRequest, now: number): SettleResult | undefined {
    if (request.intent === 'refund') return this.reversals.settleRefund(request, now);
    return request.hold && this.#settlements.settle(request, request.hold, now);
  }
}
