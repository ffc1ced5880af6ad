import type { Decision, DegradedCause, LimitState } from './decision.js';
import type { ReservationPack } from './pack.js';
import type { CheckRequest, Subject } from './request.js';
import type { WindowSpec, WindowUnit } from './rule.js';

/** What becomes of units that are still held when a reservation expires. */
export const ON_EXPIRY = ['release', 'commit'] as const;
export type OnExpiry = (typeof ON_EXPIRY)[number];

/** `held` until it is committed or released, or until `expiresAt`. */
export const RESERVATION_STATES = ['held', 'committed', 'released', 'expired'] as const;
export type ReservationState = (typeof RESERVATION_STATES)[number];

/** Units by meter. In a reservation every meter that it took of is named, `units` included. */
export type Amounts = Readonly<Record<string, number>>;

/** A check that holds what it takes until the operation has succeeded or failed. */
export interface ReserveRequest extends CheckRequest {
  /** How long it is held, in milliseconds: 1,000 to 86,400,000 (a day). Default 60,000. */
  readonly ttlMs?: number;
  /** Default `release`. `commit` is for callers that must not get a free pass by crashing. */
  readonly onExpiry?: OnExpiry;
}

/** An operation whose units are held until it ends. */
export interface Reservation {
  /** Opaque; by it the reservation is ended, on any node. */
  readonly id: string;
  readonly operationId: string;
  readonly resource: string;
  readonly subject: Subject;
  readonly state: ReservationState;
  /** ISO-8601 with offset. */
  readonly expiresAt: string;
  /** What is or was held, of every meter that it took of, and of `units`. */
  readonly amounts: Amounts;
  /** What was counted in the end; absent where nothing was committed. */
  readonly committed?: Amounts;
  /** By how much what was committed is above what was held, of each meter where it is. */
  readonly overage?: Amounts;
  /** What of it packs give; absent where they give nothing. */
  readonly packs?: readonly ReservationPack[];
  /** It was committed after it had expired. */
  readonly late?: true;
}

/** The decision of a reserve, or of an extension. */
export interface ReserveDecision extends Decision {
  /** Of a reserve that was refused: null. Of an extension that was: as it stands, unchanged. */
  readonly reservation: Reservation | null;
}

/** What was really used. A meter that is not named is committed as held; 0 gives it back; more than was held is charged in full. */
export interface CommitRequest {
  readonly amount?: number;
  readonly amounts?: Amounts;
}

export interface ReleaseRequest {
  /** For logs and the ledger, at most 256 characters. */
  readonly reason?: string;
}

export interface ExtendRequest {
  /** From now on, within the bounds of a reserve; it never shortens. */
  readonly ttlMs?: number;
  /** New totals; what they add to what is held is decided like a check. A lower one than is held changes nothing: commit it. */
  readonly amount?: number;
  readonly amounts?: Amounts;
}

/** The answer to an ending, and to the question how a reservation stands. */
export interface ReservationAnswer {
  readonly reservation: Reservation;
  /** The windows that its units were taken from, as far as they are still counted. */
  readonly limits: readonly LimitState[];
  /** Null when the store answered; else the ending is in this node's journal, and settled when the store is back. */
  readonly degraded: { readonly cause: DegradedCause } | null;
}

/** Reverses an operation, while it is remembered: one that a check counted, or a reservation that was committed. */
export interface RefundRequest {
  readonly resource: string;
  readonly subject: Subject;
  readonly operationId: string;
  /** For logs and the ledger, at most 256 characters. */
  readonly reason?: string;
}

export interface Refunded {
  readonly refunded: true;
  /** What was given back, of every meter that the operation took of, and of `units`. */
  readonly amounts: Amounts;
}

/** Gives units of `total` limits back, at any age: seats, records that were deleted. */
export interface ReturnRequest {
  readonly resource: string;
  readonly subject: Subject;
  /** Of the meter `units`. Default 1, also beside `amounts`. */
  readonly amount?: number;
  readonly amounts?: Amounts;
  /** Repeating a return under its id returns once. */
  readonly operationId: string;
}

export interface Returned {
  readonly returned: true;
  /** The `total` limits, after it. */
  readonly limits: readonly LimitState[];
}

/**
 * An operator's correction: what is used in the current windows is set to these values, whatever it was. It seeds counters
 * from a system of record, and mends them.
 */
export interface UsageCorrection {
  readonly rule: string;
  /** Of exactly the attributes that the rule counts by. */
  readonly subject: Subject;
  /** At least one; each is a limit of the rule. Those that are not named stay as they are. */
  readonly limits: readonly CorrectedLimit[];
  /** For logs and the ledger, at most 256 characters. */
  readonly reason?: string;
}

/** A limit, named as its rule writes it, and the units that are used of it from now on. */
export interface CorrectedLimit {
  readonly window: WindowUnit | WindowSpec;
  /** Default `units`. */
  readonly meter?: string;
  readonly used: number;
}

export interface CorrectedUsage {
  readonly rule: string;
  readonly subject: Subject;
  /** Every limit of the rule, after it. */
  readonly limits: readonly LimitState[];
}

/**
 * Pay only for what succeeded: `reserve` before the costly operation, then `commit` what it really used, or `release`.
 *
 * Endings may be repeated: the answer is the same. The opposite ending is a `reservation-ended` error, whose
 * `members.state` says how it ended. Without the store a reserve is decided like a check and an ending is journaled.
 *
 * `refund` and `returnUnits` give units back that are counted already: of one operation, as long as it is remembered, or of
 * a stock (`total`), at any age.
 */
export interface Reservations {
  reserve(request: ReserveRequest): Promise<ReserveDecision>;
  /** @throws QuotaError `reservation-not-found`, `reservation-ended` */
  commit(id: string, request?: CommitRequest): Promise<ReservationAnswer>;
  /** @throws QuotaError `reservation-not-found`, `reservation-ended` */
  release(id: string, request?: ReleaseRequest): Promise<ReservationAnswer>;
  /** Decided like a check. @throws QuotaError `reservation-not-found`, `reservation-ended` */
  extend(id: string, request: ExtendRequest): Promise<ReserveDecision>;
  /** How it stands. @throws QuotaError `reservation-not-found` */
  reservation(id: string): Promise<ReservationAnswer>;
  /** Once; a repetition is answered alike. @throws QuotaError `operation-not-found`, `reservation-held` (release that) */
  refund(request: RefundRequest): Promise<Refunded>;
  /** All of it or nothing. @throws QuotaError `nothing-to-return`, `store-unavailable` */
  returnUnits(request: ReturnRequest): Promise<Returned>;
}
