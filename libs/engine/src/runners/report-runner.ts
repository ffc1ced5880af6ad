import type { ReportOutcome } from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import type { Amounts } from '../operations/amounts.js';
import type { Operation } from '../operations/operation.js';
import type { CounterRef } from '../stores/counter-ref.js';

/** The part of a `Runner` that settles what clients decided without a service. */
export interface ReportRunner {
  /**
   * Settles each, and answers in their order. While the store is away they are journaled, and answered as if they were settled.
   * @throws QuotaError `overloaded`; those that were settled already may be reported again all the same.
   */
  settle(reports: readonly PlannedReport[]): Promise<readonly SettledReport[]>;
}

/** `amounts` name all meters of the report, those of which it takes 0 too: a reservation that is committed so gives them back. */
export interface PlannedReport extends Amounts {
  readonly operation: Operation;
  readonly resource: string;
  /** With the limits of now, in their windows at `decidedAt`. */
  readonly counters: readonly CounterRef<PlannedLimit>[];
  readonly allowed: boolean;
  readonly attempted: boolean;
  /** When it was decided by the client's clock, but not in the future; and when it was reported. Epoch milliseconds, store clock. */
  readonly decidedAt: number;
  readonly reportedAt: number;
}

export type SettledReport = Exclude<ReportOutcome, 'late'>;
