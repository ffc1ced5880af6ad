import type { Subject } from './request.js';
import type { Amounts } from './reservation.js';

/**
 * What a client decided by its fallback because no service answered it: `POST /reports` settles it afterwards, so that the
 * counters equal what was allowed.
 */
export interface Report {
  /** Under this id, in the scope that checks have, it counts once, however often it is reported, checked or reserved. */
  readonly operationId: string;
  readonly resource: string;
  readonly subject: Subject;
  /** Of the meter `units`; of a reservation what was committed. Default 1, also beside `amounts`. */
  readonly amount?: number;
  readonly amounts?: Amounts;
  /**
   * ISO-8601 with offset, by the client's clock: it counts in the windows of this instant. A clock may be ahead of the store's
   * by `MAX_CLOCK_SKEW_MS`; a later instant is bad input.
   */
  readonly decidedAt: string;
  /** What the caller was answered. */
  readonly allowed: boolean;
  /** The fallback's, for logs. */
  readonly policy: 'allow' | 'deny';
  /** Whether a request may have reached a service, which then may have counted it, or may still do so. */
  readonly attempted: boolean;
}

/**
 * - `counted`: the operation is recorded under its id and counted in those of its windows that are not over, also above their
 *   max. While the store is away it is journaled, and counted when the store is back.
 * - `already-counted`: a service had counted it, or an earlier report.
 * - `voided`: nothing is counted. The client had refused the operation, or no rule counts its resource.
 * - `late`: it was reported so late that a service may have counted it and forgotten that. Nothing is counted.
 * - `conflict`: nothing is counted: its id belongs to another operation, or a rule counts by an attribute that its subject lacks.
 */
export const REPORT_OUTCOMES = ['counted', 'already-counted', 'voided', 'late', 'conflict'] as const;
export type ReportOutcome = (typeof REPORT_OUTCOMES)[number];

export interface ReportResult {
  readonly operationId: string;
  readonly outcome: ReportOutcome;
}
