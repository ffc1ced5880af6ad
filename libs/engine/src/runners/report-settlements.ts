import { DEFAULT_TTL_MS, MAX_CLOCK_SKEW_MS } from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import { amountsByMeter } from '../operations/amounts-by-meter.js';
import { settledInCurrent } from '../stores/settled-limits.js';
import {
  REMEMBER_SETTLED_MS,
  type SettledLimit,
  type SettleRequest,
  type SettleResult,
} from '../stores/settlement.js';
import { REMEMBER_MS } from '../stores/take.js';
import type { PlannedReport, SettledReport } from './report-runner.js';

/** What is pending is given up a minute before a service forgets it: so it is settled as long as it may be reported. */
const AHEAD_MS = MAX_CLOCK_SKEW_MS - 60_000;

type ReportSettlement = SettleRequest<PlannedLimit & SettledLimit>;

/**
 * What makes the counters agree with a report: an allowed operation is counted, and one that was refused is reversed, or voided
 * where its request has yet to arrive.
 *
 * When it counts as decided says how long a settlement of it is safe, and how long its id is remembered. Where a request may
 * have been counted, that was when the client decided, by a clock that may be fast. Where none can have been, it is settled as of
 * its report, and remembered until no repetition of that is accepted any more, from a clock that may be slow.
 */
export function reportSettlement(report: PlannedReport): ReportSettlement {
  const { operation, counters, amount, amounts, allowed, attempted, decidedAt, reportedAt } = report;
  const remembered = attempted
    ? { decidedAt: decidedAt - AHEAD_MS, rememberMs: REMEMBER_MS + AHEAD_MS }
    : { decidedAt: reportedAt + MAX_CLOCK_SKEW_MS, rememberMs: REMEMBER_SETTLED_MS };
  return {
    intent: allowed ? 'count' : 'refund',
    operation,
    counters: settledInCurrent(counters),
    amount,
    amounts,
    ...remembered,
  };
}

/**
 * After a conflict of what was allowed: its request may have been a reserve, which a service holds under the id. That is
 * committed with the amounts of the report. A conflict of another kind is one again.
 */
export function heldSettlement<S extends SettleRequest>(settlement: S): S {
  const { decidedAt } = settlement;
  const expiresAt = decidedAt + DEFAULT_TTL_MS;
  const hold = { takenAt: decidedAt, isDegraded: true, expiresAt, onExpiry: 'release' } as const;
  return { ...settlement, intent: 'commit', hold, committed: amountsByMeter(settlement) };
}

/** An operation whose windows are all over is recorded all the same, and so it is counted. */
export function reportOutcome({ outcome }: SettleResult): SettledReport {
  switch (outcome) {
    case 'counted':
    case 'already-counted':
    case 'voided':
    case 'conflict':
      return outcome;
    case 'late':
      return 'counted';
    case 'reversed':
      return 'voided';
    case 'wrong-type':
      return 'conflict';
    default:
      return outcome satisfies never;
  }
}
