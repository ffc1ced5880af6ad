import type { UncertainInterval } from './uncertain-intervals.js';
import type {
  Amounts,
  CheckRequest,
  Decision,
  DegradedCause,
  ExtendRequest,
  Refunded,
  RefundRequest,
  Report,
  ReportOutcome,
  ReservationAnswer,
  ReserveDecision,
  Returned,
  ReturnRequest,
} from '@sundial/contract';
import type { ControlChange } from '../controls/control-change.js';
import type { DrillEffect } from '../controls/drill-fault.js';
import type { StoreCapacity } from '../stores/store.js';
import type { StoreFinding } from '../stores/store-finding.js';

/**
 * What an engine reports, to be counted and logged. Calls are synchronous and on the hot path: do little, never throw.
 * Every degraded decision passes here (I14).
 */
export interface QuotaObserver {
  /** Of a check, of each one of a batch, and of a reserve, whose decision has a `reservation`. */
  decided?(request: CheckRequest, decision: Decision, elapsedMs: number, caller?: Caller): void;
  /** Whether a reservation was prolonged or raised. */
  extended?(request: ExtendRequest, decision: ReserveDecision, elapsedMs: number, caller?: Caller): void;
  /** A reservation was committed or released, or had ended before: the answer says how it stands. */
  ended?(ending: AskedEnding, answer: ReservationAnswer, elapsedMs: number, caller?: Caller): void;
  /** `cause`: the store did not answer, and the refund is settled later. */
  refunded?(request: RefundRequest, refunded: Refunded & Partial<Cause>, caller?: Caller): void;
  returned?(request: ReturnRequest, returned: Returned, caller?: Caller): void;
  /** A decision for which the caller got a receipt. */
  receiptIssued?(request: CheckRequest, decision: Decision, caller?: Caller): void;
  /** The store has recorded what this node decided without it, or never will. */
  settled?(settlement: SettledOperation): void;
  /** This many checks were given up because the node had too many; none of them was counted. */
  shed?(checks: number): void;
  /** The store's state as this node sees it changed; called once a transition, not once a call. */
  modeChanged?(mode: StoreMode, cause: DegradedCause | null): void;
  /** A finding about the store, or a server behind it, began or ended to hold. */
  findingChanged?(finding: StoreFinding, holds: boolean): void;
  /** A key holds what Sundial did not write, so the rules' policies decide. At most once a second, however many checks met it. */
  wrongTypeKey?(key: WrongTypeKey): void;
  /** This many more decisions could not be kept one by one until the store is back: the journal is full. */
  journalOverflowed?(operations: number): void;
  /** What became of operations of this interval can no longer be known. At most once a minute of one reason. */
  uncertain?(interval: UncertainInterval): void;
  /** What had been allowed without the store, or without a service, was counted, and is more than a limit allows. */
  overAdmitted?(limit: OverAdmitted): void;
  /** What had been allowed without the store, or without a service, was counted: how much of a limit with thresholds is used now. */
  usageSettled?(usage: SettledUsage): void;
  /** A gate, a brake or a drill came into force on this node, changed, or is over. */
  controlChanged?(change: ControlChange): void;
  /** A call met a drill; `store-away`: it is decided as if the store were. */
  drilled?(resource: string, effect: DrillEffect | 'store-away'): void;
  /** A client has reported what it decided without a service: how many of its reports came to each outcome. */
  reported?(tally: ReportTally, reports: readonly ReportedOperation[], caller?: Caller): void;
}

/** Who asked, as the program around the engine says it; a request of Fastify with its `actor` is one as it is. */
export interface Caller {
  /** The name of the key. */
  readonly actor: string;
  /** Of the request. */
  readonly id: string;
  /** Of the trace that the request is part of, where it is part of one. */
  readonly traceId?: string | undefined;
}

export interface AskedEnding {
  readonly kind: 'commit' | 'release';
  /** The caller's, of a release. */
  readonly reason?: string | undefined;
}

interface Cause {
  readonly cause: DegradedCause;
}

export interface ReportedOperation {
  readonly report: Report;
  readonly outcome: ReportOutcome;
}

/** A pending settlement that is pending no longer. */
export interface SettledOperation {
  /** As stores know the operation: it tells which one it is (`namedOperation`). */
  readonly operation: string;
  readonly resource: string;
  /** What the counters were to be made to say. */
  readonly intent: 'count' | 'void' | 'hold' | 'commit' | 'release' | 'refund';
  /** What the store said; `late`: it was too old to be settled. */
  readonly outcome: string;
  /** Of the decision, by the store's clock. */
  readonly decidedAt: number;
  readonly cause: DegradedCause;
  /** By meter, `units` included. */
  readonly amounts: Amounts;
  /** How many decisions it is the sum of. */
  readonly operations: number;
}

/** Of the reports of one request, by outcome: how many there were, and the first of them. */
export type ReportTally = ReadonlyMap<ReportOutcome, { readonly count: number; readonly first: Report }>;

/** A limit of some subject, and how far above its max the subject is. */
export interface OverAdmitted {
  readonly resource: string;
  readonly rule: string;
  /** In one word (`windowText`). */
  readonly window: string;
  readonly meter: string;
  readonly used: number;
  readonly max: number;
}

/** A limit of some subject in the window that something was settled in. */
export interface SettledUsage {
  readonly resource: string;
  readonly rule: string;
  /** Of the counter. */
  readonly key: string;
  /** The limit's name inside its counter. */
  readonly field: string;
  readonly used: number;
  /** The rule's own, whatever an override says. */
  readonly max: number;
  readonly startsAtMs: number;
  readonly resetsAtMs: number;
}

/** Where a wrong-type key was met. The key is not named: keys hold subjects. */
export interface WrongTypeKey {
  readonly resource: string;
  /** The rules whose counters, or whose operation, it may be. */
  readonly rules: readonly string[];
  /** Checks that met a wrong-type key since the last report, this one included. */
  readonly checks: number;
}

/** `exact`: the store decides. `degraded`: the rules' policies do. */
export type StoreMode = 'exact' | 'degraded';

/** A reading for health pages and gauges. */
export interface EngineStatus {
  readonly store: 'redis' | 'embedded';
  readonly mode: StoreMode;
  readonly cause: DegradedCause | null;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Masters of a Cluster, `host:port`, that are not asked while the others are. */
  readonly openShards: readonly string[];
  /** The findings about the store and the servers behind it. */
  readonly findings: readonly StoreFinding[];
  /** Counters of the embedded store, and how many there may be. Null on Redis. */
  readonly capacity: StoreCapacity | null;
  /** Calls given to the store and neither answered nor known to be lost. */
  readonly inFlight: number;
  /** The store's clock minus this node's wall clock. */
  readonly clockOffsetMs: number;
  /** Decisions made without the store that its counters do not show yet, and how many never will. */
  readonly pending: number;
  readonly lost: number;
}
