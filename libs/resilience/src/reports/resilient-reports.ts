import type { QuotaError } from '@sundial/contract';
import { TimeSlice } from '@sundial/engine';
import {
  degradedBy,
  heldSettlement,
  type PlannedReport,
  type ReportRunner,
  reportOutcome,
  reportSettlement,
  type SettledReport,
  type SettleResult,
  type Store,
} from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCounters } from '../fallback/local-counters.js';
import type { LocalHolds } from '../fallback/local-holds.js';
import type { StoreGuard } from '../guard/store-guard.js';
import type { Outbox } from '../outbox/outbox.js';
import { isFollowed, isReported, keyOf, type PendingSettlement } from '../outbox/pending-settlement.js';

/** Reports that wait for the store: the rest of the outbox is for what this node decides itself. */
const MAX_PENDING_REPORTS = 40_000;
/** How long a client waits for what became of its reports; then they are answered as journaled. */
const SETTLE_LIMIT_MS = 1_000;

export interface ResilientReportsOptions {
  readonly store: Pick<Store, 'now'>;
  readonly guard: Pick<StoreGuard, 'wouldAsk'>;
  readonly outbox: Outbox;
  readonly local: Pick<LocalCounters, 'count' | 'restore' | 'takeBack'>;
  readonly holds: Pick<LocalHolds, 'commit' | 'release'>;
  /** The node has no room for so many. */
  readonly shed: (reports: number) => QuotaError;
}

type Intent = PendingSettlement['settlement']['intent'];

/**
 * Settles reports in a store that can be away. Each is a pending settlement like those of this node's own decisions: paced,
 * repeated until the store acknowledges it, and kept by the journal. Its client is answered what became of it, or, where
 * the store does not say so in time, that it is counted: for it will be.
 */
export class ResilientReports implements ReportRunner {
  readonly #options: ResilientReportsOptions;
  /** By the key of the pending settlement. */
  readonly #waiting = new Map<string, (outcome: SettledReport) => void>();
  /** Pending ones; a few more than there are, where others took their keys. */
  #pending = 0;

  constructor(options: ResilientReportsOptions) {
    this.#options = options;
    for (const pending of options.outbox.values()) if (isReported(pending)) this.#pending++;
  }

  /** @throws QuotaError `overloaded` */
  async settle(reports: readonly PlannedReport[]): Promise<readonly SettledReport[]> {
    const { outbox, shed } = this.#options;
    if (outbox.isClear) this.#pending = 0;
    if (this.#pending + reports.length > MAX_PENDING_REPORTS) throw shed(reports.length);
    const dueAt = performance.now() + SETTLE_LIMIT_MS;
    const limit = new AbortController();
    const isOver = sleep(SETTLE_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => undefined);
    const answers: Promise<SettledReport | undefined>[] = [];
    const slice = new TimeSlice();
    for (const report of reports) {
      if (slice.isOver) await slice.next();
      answers.push(this.#settle(report, dueAt, isOver));
    }
    const outcomes = await Promise.all(answers);
    limit.abort();
    const settled = outcomes.filter((outcome) => outcome !== undefined);
    if (settled.length < outcomes.length) throw shed(outcomes.length - settled.length);
    return settled;
  }

  /** The store has recorded what was pending, or never will. */
  settled(pending: PendingSettlement, result: SettleResult): void {
    if (!isReported(pending)) return;
    this.#pending = Math.max(0, this.#pending - 1);
    if (isFollowed(pending, result))
      void this.#enqueue({ ...pending, settlement: heldSettlement(pending.settlement) }, performance.now());
    else this.#waiting.get(keyOf(pending))?.(reportOutcome(result));
  }

  /** Undefined where there is no room for it. */
  async #settle(
    report: PlannedReport,
    dueAt: number,
    isOver: Promise<unknown>,
  ): Promise<SettledReport | undefined> {
    const { guard, outbox } = this.#options;
    const promised = outbox.promised(report.operation.id);
    const pending = promised ? this.#instead(report, promised) : pendingOf(report);
    if (typeof pending === 'string') return pending;
    if (!outbox.hasRoomFor(pending)) return undefined;
    this.#countHere(pending);
    const journaled = report.allowed ? 'counted' : 'voided';
    const isAsked = guard.wouldAsk(report.counters);
    const key = keyOf(pending);
    const settled = new Promise<SettledReport>((resolve) => this.#waiting.set(key, resolve));
    await this.#enqueue(pending, dueAt);
    const outcome = isAsked ? await Promise.race([settled, isOver.then(() => journaled)]) : journaled;
    this.#waiting.delete(key);
    return outcome as SettledReport;
  }

  /** Until the store has it, this node enforces its limits with it. */
  #countHere({ settlement }: PendingSettlement): void {
    if (settlement.intent !== 'count') return;
    const { local, store } = this.#options;
    const now = store.now();
    // Windows that are over would take the place of what this node knows of those of now.
    const isOfNow = settlement.counters.every(({ limits }) => limits.every(({ bounds }) => now < bounds[1]));
    if (isOfNow) local.restore(settlement.counters, settlement, now);
    else local.count(settlement.counters, settlement);
  }

  /** Something is pending under the id already: what is to be pending instead, or what the report comes to. */
  #instead(report: PlannedReport, { settlement }: PendingSettlement): PendingSettlement | SettledReport {
    const { intent, operation } = settlement;
    if (report.allowed) return this.#allowedInstead(report, intent, operation.content);
    if (intent === 'count') this.#options.local.takeBack(settlement.counters, settlement);
    return this.#refusedInstead(report, intent);
  }

  #allowedInstead(report: PlannedReport, intent: Intent, content: string): PendingSettlement | SettledReport {
    switch (intent) {
      case 'count':
        return content === report.operation.content ? 'already-counted' : 'conflict';
      case 'commit':
      case 'refund':
        return 'already-counted';
      case 'hold':
      case 'release':
        this.#options.holds.commit(report.operation.id, report);
        return pendingOf(report, heldSettlement(reportSettlement(report)));
      case 'void':
        return pendingOf(report);
      default:
        return intent satisfies never;
    }
  }

  #refusedInstead(report: PlannedReport, intent: Intent): PendingSettlement | SettledReport {
    switch (intent) {
      case 'hold':
        this.#options.holds.release(report.operation.id);
        return pendingOf(report);
      case 'count':
      case 'release':
      case 'void':
        return pendingOf(report);
      case 'commit':
        return 'conflict';
      case 'refund':
        return 'voided';
      default:
        return intent satisfies never;
    }
  }

  /** Resolves when the disk has it, as far as a strict journal waits for that. */
  async #enqueue(pending: PendingSettlement, dueAt: number): Promise<void> {
    this.#pending++;
    await this.#options.outbox.enqueue(pending, dueAt);
  }
}

function pendingOf(report: PlannedReport, settlement = reportSettlement(report)): PendingSettlement {
  const { allowed, attempted, resource } = report;
  return {
    settlement,
    degraded: degradedBy('unreachable', allowed ? 'allow' : 'deny'),
    executionStatus: attempted ? 'unknown' : 'not-executed',
    decidedAt: settlement.decidedAt,
    resource,
  };
}
