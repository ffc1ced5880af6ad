import type { EngineStatus, JournalStatus, QuotaObserver, Runner, Store } from '@sundial/engine';
import {
  type Answer,
  type EngineDecision,
  overAdmitted,
  settledUsage,
  type Planned,
  type PlannedCheck,
  type ReportRunner,
  type ReservationRunner,
  type SettleResult,
} from '@sundial/engine/ports';
import type { Usage } from '@sundial/contract';
import { AskedStore } from './checks/asked-store.js';
import { ResilientChecks } from './checks/resilient-checks.js';
import { diskTimeOf, type Journal } from './journal/journal.js';
import { WrongTypeKeys } from './guard/wrong-type-keys.js';
import { DegradedDecisions } from './fallback/degraded-decisions.js';
import type { NodeShare } from './fallback/local-counters.js';
import { LocalUsage } from './fallback/local-usage.js';
import { settledOperation, type PendingSettlement } from './outbox/pending-settlement.js';
import { Reconciler } from './reconciler.js';
import { StoreGuard } from './guard/store-guard.js';
import { UndecidedChecks } from './fallback/undecided-checks.js';
import { KnownReservations } from './reservations/known-reservations.js';
import { DEFAULT_DEADLINE_MS, type ResilientRunnerOptions } from './resilient-runner-options.js';
import { ResilientPacks } from './packs/resilient-packs.js';
import { ResilientReports } from './reports/resilient-reports.js';
import { ResilientReservations } from './reservations/resilient-reservations.js';
import type { StoreAccess } from './reservations/store-access.js';

/** Timers are late, and an answer has a way to go: without this, callers of a frozen Redis wait for 53.5 ms. */
const ANSWER_RESERVE_MS = 5;
const ALONE: NodeShare = { live: 1, rank: 0 };

/**
 * Asks a store that can be slow, frozen or gone. Each check is answered by its deadline: by the store, or else by the
 * policies of its rules from what this node knows. What was allowed meanwhile is settled when the store is back, and
 * then the counters equal what was allowed.
 */
export class ResilientRunner implements Runner {
  readonly #store: Store;
  readonly #guard: StoreGuard;
  readonly #local = new LocalUsage();
  readonly #checks: ResilientChecks;
  readonly reservations: ReservationRunner;
  readonly packs: ResilientPacks;
  readonly #reports: ResilientReports;
  readonly #reconciler: Reconciler;
  readonly #journal: Journal | undefined;
  readonly #observer: QuotaObserver;

  constructor(options: ResilientRunnerOptions) {
    const { store, observer = {}, deadlineMs = DEFAULT_DEADLINE_MS, nodes = () => ALONE, journal } = options;
    this.#store = store;
    this.#observer = observer;
    this.#journal = journal;
    this.packs = new ResilientPacks(store, deadlineMs);
    const answerMs = deadlineMs - Math.min(ANSWER_RESERVE_MS, deadlineMs / 10);
    const diskMs = journal?.sync === 'strict' ? diskTimeOf(answerMs) : 0;
    this.#guard = new StoreGuard(store, {
      deadlineMs,
      checkMs: answerMs - diskMs,
      onMode: (mode, cause) => observer.modeChanged?.(mode, cause),
    });
    store.onFinding?.((finding, holds) => observer.findingChanged?.(finding, holds));
    this.#reconciler = new Reconciler({
      store,
      guard: this.#guard,
      deadlineMs,
      journal,
      settled: (pending, result) => this.#settled(pending, result),
      overflowed: (operations) => observer.journalOverflowed?.(operations),
      uncertain: (interval) => observer.uncertain?.(interval),
      isHeldBack: options.isDrilled,
    });
    for (const { settlement } of this.#reconciler.outbox.values())
      if (!this.#isRefunded(settlement)) this.#local.restore(settlement, store.now());
    const { counters, holds } = this.#local;
    const { outbox } = this.#reconciler;
    const degraded = new DegradedDecisions({ local: counters, holds, now: () => store.now(), share: nodes });
    const undecided = new UndecidedChecks(degraded, outbox);
    const parts = { store, guard: this.#guard, local: this.#local, outbox };
    const wrongTypeKeys = new WrongTypeKeys((key) => observer.wrongTypeKey?.(key));
    const asked = new AskedStore({ ...parts, wrongTypeKeys, observer, answerMs, diskMs });
    this.#checks = new ResilientChecks({
      ...{ asked, undecided, local: this.#local },
      decided: (check, plan, result) => this.#reconciler.decided(check, plan, result),
    });
    this.reservations = this.#reserving(degraded, asked, undecided);
    this.#reports = new ResilientReports({
      ...parts,
      local: counters,
      holds,
      shed: (reports) => asked.shed(reports),
    });
  }

  get secret(): Store['secret'] {
    return this.#store.secret;
  }

  get looks(): Runner['looks'] {
    return this.#store;
  }

  now(): number {
    return this.#store.now();
  }

  get reports(): ReportRunner {
    return this.#reports;
  }

  get backlogMs(): number {
    return this.#guard.backlogMs;
  }

  decide(check: PlannedCheck): Answer<EngineDecision> {
    return this.#checks.decide(check);
  }

  usage(read: Planned): Answer<Pick<Usage, 'limits' | 'degraded'>> {
    return this.#checks.usage(read);
  }

  status(): EngineStatus {
    const { kind: store, findings = [] } = this.#store;
    const clockOffsetMs = Math.round(this.#store.now() - Date.now());
    return {
      store,
      findings,
      capacity: null,
      ...this.#guard.status,
      clockOffsetMs,
      ...this.#reconciler.status,
    };
  }

  /** What was decided without the store, and what became of it. */
  journal(): JournalStatus {
    return this.#reconciler.journalStatus;
  }

  async close(): Promise<void> {
    await this.#reconciler.close();
    this.#guard.close();
    await this.#store.close();
    await this.#journal?.close();
  }

  #reserving(degraded: DegradedDecisions, asked: AskedStore, undecided: UndecidedChecks): ReservationRunner {
    const { counters, holds } = this.#local;
    const access: StoreAccess = {
      ...{ store: this.#store, guard: this.#guard, outbox: this.#reconciler.outbox, holds, degraded },
      known: new KnownReservations(),
      acknowledged: (operation) => this.#reconciler.acknowledged(operation),
      repeated: (take, counted) => this.#reconciler.repeated(take, counted),
      recall: (operationId) => this.#reconciler.recall(operationId),
      answerBy: (startedAt) => asked.answerBy(startedAt),
      shed: () => asked.shed(),
    };
    return new ResilientReservations(access, { asked, undecided, local: counters });
  }

  /** A pending settlement is in the store, or never will be. */
  #settled(pending: PendingSettlement, result: SettleResult): void {
    if (!this.#isRefunded(pending.settlement)) this.#local.settled(pending.settlement);
    const { counters } = pending.settlement;
    for (const limit of overAdmitted(pending.resource, counters, result))
      this.#observer.overAdmitted?.(limit);
    this.#observer.settled?.(settledOperation(pending, result));
    this.#reports.settled(pending, result);
    for (const usage of settledUsage(pending.resource, counters, result))
      this.#observer.usageSettled?.(usage);
  }

  /** Its units are back here already, and soon in the store. */
  #isRefunded({ operation }: PendingSettlement['settlement']): boolean {
    return this.#reconciler.outbox.promised(operation.id)?.settlement.intent === 'refund';
  }
}
