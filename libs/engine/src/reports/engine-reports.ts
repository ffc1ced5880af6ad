import {
  MAX_CLOCK_SKEW_MS,
  QuotaError,
  type Report,
  type ReportOutcome,
  type ReportResult,
  type Rule,
} from '@sundial/contract';
import type { CheckPlanner } from '../decisions/check-planner.js';
import { TimeSlice } from '../event-loop/time-slice.js';
import { takesNothing } from '../operations/amounts.js';
import type { OperationIds } from '../operations/operation-ids.js';
import { missingAttributes } from '../requests/parse-request.js';
import { instantOf, validationErrorsInReports } from '../requests/parse-reports.js';
import type { LiveRules } from '../rules/live-rules.js';
import type { RuleBook } from '../rules/rule-book.js';
import type { Caller, QuotaObserver, ReportTally } from '../runners/observer.js';
import type { PlannedReport } from '../runners/report-runner.js';
import type { Runner } from '../runners/runner.js';
import { REMEMBER_SETTLED_MS } from '../stores/settlement.js';
import { REMEMBER_MS } from '../stores/take.js';

/** A service may have counted it, and remembers that for `REMEMBER_MS` from a moment that a fast clock puts too late. */
const REPORTABLE_ATTEMPTED_MS = REMEMBER_MS - MAX_CLOCK_SKEW_MS;
/** No service can have counted it. */
const REPORTABLE_MS = REMEMBER_SETTLED_MS;

export interface EngineReportsOptions {
  readonly runner: Runner;
  readonly rules: LiveRules;
  readonly planner: CheckPlanner;
  readonly operations: OperationIds;
  readonly observer: Pick<QuotaObserver, 'reported'>;
}

/** What a report comes to without its store, or what the runner is to settle. */
type Planned = { readonly outcome: ReportOutcome } | { readonly report: PlannedReport };

/** The engine's verb for what clients decided without it. */
export class EngineReports {
  readonly #options: EngineReportsOptions;

  constructor(options: EngineReportsOptions) {
    this.#options = options;
  }

  async report(reports: readonly Report[], caller?: Caller): Promise<ReportResult[]> {
    const { rules, runner, observer } = this.#options;
    const now = runner.now();
    const errors = validationErrorsInReports(reports, now);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const book = rules.current;
    const slice = new TimeSlice();
    const planned: Planned[] = [];
    for (const report of reports) {
      if (slice.isOver) await slice.next();
      planned.push(this.#plan(report, book, now));
    }
    const settled = await runner.reports.settle(
      planned.flatMap((one) => ('report' in one ? one.report : [])),
    );
    let next = 0;
    const outcomes = planned.map((one) => ('report' in one ? settled[next++]! : one.outcome));
    const results = reports.map((report, index) => ({ report, outcome: outcomes[index]! }));
    observer.reported?.(tallied(reports, outcomes), results, caller);
    return reports.map(({ operationId }, index) => ({ operationId, outcome: outcomes[index]! }));
  }

  #plan(report: Report, book: RuleBook, now: number): Planned {
    const { resource, subject, amount = 1, allowed, attempted } = report;
    const rules = book.forResource(resource);
    if (rules.length === 0) return { outcome: this.#withoutRules(book) };
    if (!allowed && !attempted) return { outcome: 'voided' };
    const decidedAt = Math.min(instantOf(report.decidedAt), Math.round(now));
    if (now - decidedAt >= (attempted ? REPORTABLE_ATTEMPTED_MS : REPORTABLE_MS)) return { outcome: 'late' };
    if (missingAttributes(rules, subject).length > 0) return { outcome: 'conflict' };
    const takes = { amount, ...(report.amounts && { amounts: { ...report.amounts } }) };
    if (takesNothing(takes) && !attempted) return { outcome: 'counted' };
    return { report: this.#planned(report, rules, { ...takes, decidedAt, reportedAt: Math.round(now) }) };
  }

  #planned(
    report: Report,
    rules: readonly Rule[],
    when: Pick<PlannedReport, 'amount' | 'amounts' | 'decidedAt' | 'reportedAt'>,
  ): PlannedReport {
    const { planner, operations } = this.#options;
    const { resource, subject, allowed, attempted } = report;
    const { scope } = planner.at(rules, subject, when.reportedAt);
    const { operation } = operations.name(report, when, scope);
    const counters = planner.countersAt(rules, subject, when.decidedAt);
    return { operation, resource, counters, allowed, attempted, ...when };
  }

  /** A node that does not know the rules yet cannot say that there is none. */
  #withoutRules({ provisional }: RuleBook): 'voided' {
    if (!provisional) return 'voided';
    throw QuotaError.overloaded(
      'This node has not read the rules yet: report again later, or to another node.',
    );
  }
}

/** How many reports came to each outcome, and of each the first one. */
function tallied(reports: readonly Report[], outcomes: readonly ReportOutcome[]): ReportTally {
  const tally = new Map<ReportOutcome, { count: number; readonly first: Report }>();
  outcomes.forEach((outcome, index) => {
    const known = tally.get(outcome);
    if (known) known.count++;
    else tally.set(outcome, { count: 1, first: reports[index]! });
  });
  return tally;
}
