import { TimeSlice } from '../event-loop/time-slice.js';
import type { Store } from '../stores/store.js';
import type { QuotaObserver } from './observer.js';
import { overAdmitted, settledUsage } from './over-admitted.js';
import type { PlannedReport, ReportRunner, SettledReport } from './report-runner.js';
import { heldSettlement, reportOutcome, reportSettlement } from './report-settlements.js';

/** Settles reports in a store in this process, at once. */
export class DirectReports implements ReportRunner {
  readonly #store: Pick<Store, 'settle'>;
  readonly #observer: Pick<QuotaObserver, 'overAdmitted' | 'usageSettled'>;

  constructor(store: Pick<Store, 'settle'>, observer: Pick<QuotaObserver, 'overAdmitted' | 'usageSettled'>) {
    this.#store = store;
    this.#observer = observer;
  }

  async settle(reports: readonly PlannedReport[]): Promise<readonly SettledReport[]> {
    const outcomes: SettledReport[] = [];
    const slice = new TimeSlice();
    for (const report of reports) {
      if (slice.isOver) await slice.next();
      outcomes.push(await this.#settle(report));
    }
    return outcomes;
  }

  async #settle(report: PlannedReport): Promise<SettledReport> {
    const settlement = reportSettlement(report);
    let result = await this.#store.settle(settlement);
    if (result.outcome === 'conflict' && report.allowed)
      result = await this.#store.settle(heldSettlement(settlement));
    for (const limit of overAdmitted(report.resource, settlement.counters, result))
      this.#observer.overAdmitted?.(limit);
    for (const usage of settledUsage(report.resource, settlement.counters, result))
      this.#observer.usageSettled?.(usage);
    return reportOutcome(result);
  }
}
