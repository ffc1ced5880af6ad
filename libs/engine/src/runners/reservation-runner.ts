import type { Amounts as AmountsByMeter, Degraded, DegradedCause } from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import type { EngineDecision } from '../decisions/counted-limit.js';
import type { NamedEnding } from '../holds/ending-settlement.js';
import type { Operation } from '../operations/operation.js';
import type { Amounts } from '../operations/amounts.js';
import type { Answer } from '../stores/answer.js';
import type { EndHoldResult, HoldTerms, StoredReservation } from '../stores/holds.js';
import type { GiveBackResult, OperationRefundResult, SetLimit, SetUsageResult } from '../stores/reversals.js';
import type { KeptLimit } from '../stores/own-windows.js';
import type { Counts, CounterRef } from '../stores/counter-ref.js';
import type { Planned, PlannedCheck } from './runner.js';

/** The part of a `Runner` that gets reservations and reversals done. */
export interface ReservationRunner {
  /** Decides and holds. @throws QuotaError `operation-conflict`, `operation-refunded`, `overloaded` */
  reserve(check: PlannedReserve): Answer<Reserved>;
  /** Ends a reservation, prolongs it, or looks at it. @throws QuotaError `overloaded` */
  end(ending: PlannedEnding): Answer<EndedHold>;
  /** @throws QuotaError `overloaded` */
  refund(refund: PlannedRefund): Answer<OperationRefundResult | JournaledRefund>;
  /** @throws QuotaError `store-unavailable`, `overloaded` */
  giveBack(returned: PlannedReturn): Answer<GiveBackResult<PlannedLimit>>;
  /** @throws QuotaError `store-unavailable`, `overloaded` */
  setUsage(setting: PlannedSetting): Answer<SetUsageResult<PlannedLimit>>;
}

export interface PlannedReserve extends PlannedCheck {
  readonly hold: HoldTerms;
}

export interface Reserved {
  readonly decision: EngineDecision;
  /** Absent where it was refused. */
  readonly reservation?: StoredReservation | undefined;
  /** It was decided without the store, which may not know of it yet. */
  readonly isDegraded: boolean;
}

export interface PlannedEnding extends NamedEnding {
  /** Where its units are: without limits, by which the store finds it all the same. */
  readonly places: readonly CounterRef<PlannedLimit>[];
  /** Notes the windows that counters keep, which `countersAt` answers with from then on. */
  keep(kept: readonly KeptLimit[]): void;
  readonly resource: string;
  readonly startedAt: number;
}

/** The store did not answer: the ending is settled when it does. */
export interface Journaled {
  readonly outcome: 'journaled';
  readonly cause: DegradedCause;
}

export interface JournaledRefund extends Journaled {
  /** What is given back, where this node knows that. */
  readonly amounts?: AmountsByMeter;
}

/** An extension that the node decided itself has `degraded`, and `counts` that are what it knows. */
export type EndedHold =
  | Exclude<EndHoldResult<PlannedLimit>, { readonly outcome: 'window-mismatch' | 'wrong-type' | 'expired' }>
  | (Journaled & {
      readonly reservation: StoredReservation;
      readonly counts: Counts<PlannedLimit>;
      readonly degraded?: Degraded;
    })
  | {
      readonly outcome: 'refused';
      readonly reservation: StoredReservation;
      readonly counts: Counts<PlannedLimit>;
      readonly degraded: Degraded;
    };

export interface PlannedRefund extends Planned {
  readonly operation: Operation;
  readonly startedAt: number;
}

export interface PlannedReturn extends Planned, Amounts {
  readonly operation: Operation;
  /** Of these counters, with the limits that units can be given back to. */
  totalsOf(counters: readonly CounterRef<PlannedLimit>[]): readonly CounterRef<PlannedLimit>[];
}

export interface PlannedSetting extends Planned {
  /** Of these counters, the limits that are set. */
  settingsOf(counters: readonly CounterRef<PlannedLimit>[]): readonly CounterRef<SetLimit<PlannedLimit>>[];
}
