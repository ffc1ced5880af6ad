import type { EngineStatus, JournalStatus, QuotaObserver, Runner, Store } from '@sundial/engine';
import {
  type Amounts,
  type Answer,
  type CounterRef,
  type Counts,
  decisionOf,
  type Dispatch,
  type EngineDecision,
  inCurrentWindows,
  type LimitSpec,
  limitStates,
  overAdmitted,
  settledUsage,
  type Planned,
  type PlannedCheck,
  type PlannedLimit,
  type CheckPlan,
  type ReadResult,
  type ReportRunner,
  type ReservationRunner,
  type SettleResult,
  type TakeResult,
} from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { type DegradedCause, QuotaError, type Usage } from '@sundial/contract';
import { diskTimeOf, type Journal } from './journal/journal.js';
import { WrongTypeKeys } from './guard/wrong-type-keys.js';
import { DegradedDecisions } from './fallback/degraded-decisions.js';
import type { Asking, NodeShare } from './fallback/local-counters.js';
import { LocalUsage } from './fallback/local-usage.js';
import { settledOperation, type PendingSettlement } from './outbox/pending-settlement.js';
import { Reconciler } from './reconciler.js';
import { StoreGuard } from './guard/store-guard.js';
import { unavailableFor, type Shed, type Unavailable } from './guard/unavailable.js';
import { UndecidedChecks } from './fallback/undecided-checks.js';
import { KnownReservations } from './reservations/known-reservations.js';
import type { CheckWay } from './reservations/resilient-reserves.js';
import { DEFAULT_DEADLINE_MS, type ResilientRunnerOptions } from './resilient-runner-options.js';
import { ResilientPacks } from './packs/resilient-packs.js';
import { ResilientReports } from './reports/resilient-reports.js';
import { ResilientReservations } from './reservations/resilient-reservations.js';
import type { StoreAccess } from './reservations/store-access.js';

/** Timers are late, and an answer has a way to go: without this, callers of a frozen Redis wait for 53.5 ms. */
const ANSWER_RESERVE_MS = 5;
/** The store need not be asked. */
const NOT_ASKED = { outcome: 'unavailable', executionStatus: 'not-executed' } as const;
const ALONE: NodeShare = { live: 1, rank: 0 };
const NOTHING: Amounts = { amount: 0 };

/**
 * Asks a store that can be slow, frozen or gone. Each check is answered by its deadline: by the store, or else by the
 * policies of its rules from what this node knows. What was allowed meanwhile is settled when the store is back, and
 * then the counters equal what was allowed.
 */
export class ResilientRunner implements Runner {
  readonly #store: Store;
  readonly #guard: StoreGuard;
  readonly #local = new LocalUsage();
  readonly #undecided: UndecidedChecks;
  readonly reservations: ReservationRunner;
  readonly packs: ResilientPacks;
  readonly #reports: ResilientReports;
  readonly #reconciler: Reconciler;
  readonly #journal: Journal | undefined;
  readonly #wrongTypeKeys: WrongTypeKeys;
  /** What an answer may take, and what of it is kept for the disk. */
  readonly #answerMs: number;
  readonly #diskMs: number;
  readonly #observer: QuotaObserver;
  /** The store keeps to the limits also while some of the usage is pending here. */
  readonly #asEnforced = <L extends LimitSpec>(counters: readonly CounterRef<L>[]) =>
    this.#reconciler.outbox.isClear ? counters : this.#local.counters.lowered(counters);

  constructor(options: ResilientRunnerOptions) {
    const { store, observer = {}, deadlineMs = DEFAULT_DEADLINE_MS, nodes = () => ALONE, journal } = options;
    this.#store = store;
    this.#observer = observer;
    this.#journal = journal;
    this.packs = new ResilientPacks(store, deadlineMs);
    this.#answerMs = deadlineMs - Math.min(ANSWER_RESERVE_MS, deadlineMs / 10);
    this.#diskMs = journal?.sync === 'strict' ? diskTimeOf(this.#answerMs) : 0;
    this.#guard = new StoreGuard(store, {
      deadlineMs,
      checkMs: this.#answerMs - this.#diskMs,
      onMode: (mode, cause) => observer.modeChanged?.(mode, cause),
    });
    store.onFinding?.((finding, holds) => observer.findingChanged?.(finding, holds));
    this.#wrongTypeKeys = new WrongTypeKeys((key) => observer.wrongTypeKey?.(key));
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
    const { counters: local, holds } = this.#local;
    const degraded = new DegradedDecisions({ local, holds, now: () => store.now(), share: nodes });
    this.#undecided = new UndecidedChecks(degraded, this.#reconciler.outbox);
    this.reservations = this.#reserving(degraded);
    const { outbox } = this.#reconciler;
    const shed = (reports: number) => this.#shed(reports);
    this.#reports = new ResilientReports({ store, guard: this.#guard, outbox, local, holds, shed });
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
    const { operation, amount, amounts, fairnessKey, plan, storeAway } = check;
    if (storeAway !== undefined) return this.#withoutStore(check, plan, { ...NOT_ASKED, cause: storeAway });
    const cause = this.#undecided.unrecorded(check);
    if (cause !== undefined) return this.#withoutStore(check, plan, { ...NOT_ASKED, cause });

    const late = (answer: TakeResult) => this.#reconciler.outbox.heard(operation, answer);
    return inCurrentWindows<PlannedTake | Unavailable | Shed, EngineDecision>(
      check,
      this.#store,
      (offered) => {
        const { counters } = offered;
        const take = (deadlineAt: Dispatch) =>
          this.#store.take({
            counters,
            asEnforced: this.#asEnforced,
            operation,
            amount,
            amounts,
            deadlineAt,
            fairnessKey,
          });
        return this.#askInTurn(take, offered, { takes: check, late });
      },
      (offered, result) => this.#conclude(check, offered, result),
    );
  }

  usage(read: Planned): Answer<Pick<Usage, 'limits' | 'degraded'>> {
    if (read.storeAway !== undefined) return this.#usageKnown(read.plan, read.storeAway);
    return inCurrentWindows<
      ReadResult<PlannedLimit> | Unavailable | Shed,
      Pick<Usage, 'limits' | 'degraded'>
    >(
      read,
      this.#store,
      (offered) => {
        const look = (dispatch: Dispatch) => this.#store.read({ counters: offered.counters }, dispatch);
        return this.#askInTurn<ReadResult<PlannedLimit>>(look, offered, { takes: NOTHING });
      },
      (offered, result) => {
        if (result.outcome === 'shed') throw this.#shed();
        if ('counts' in result)
          return {
            limits: limitStates(this.#known(result.counts), 1),
            degraded: null,
          };
        return this.#usageKnown(offered, unavailableFor(result).cause);
      },
    );
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

  #askInTurn<T extends TakeResult | ReadResult>(
    call: (dispatch: Dispatch) => Answer<T>,
    { resource, counters }: CheckPlan,
    { takes, late }: { readonly takes: Amounts; readonly late?: (answer: T) => void },
  ): Promise<T | Unavailable | Shed> {
    let asking: Asking | undefined;
    const ask = (dispatch: Dispatch) => {
      asking = this.#local.counters.asking(counters, takes);
      return call(dispatch);
    };
    return this.#guard.askInTurn(ask, counters, { resource, late }).then((result) => {
      // At once: in the same turn another check may be decided by what this node knows.
      asking?.ends('counts' in result ? result.counts : undefined);
      return result;
    });
  }

  #conclude(
    check: PlannedCheck,
    plan: CheckPlan,
    result: PlannedTake | Unavailable | Shed,
  ): Answer<EngineDecision> {
    switch (result.outcome) {
      case 'taken':
      case 'replayed':
      case 'refused': {
        this.#reconciler.decided(check, plan, result);
        const counts = this.#known(result.counts);
        return decisionOf(check, { ...result, counts }, this.#store.now());
      }
      case 'conflict':
        throw QuotaError.conflict(check.operationId);
      case 'refunded':
        throw QuotaError.refunded(check.operationId);
      case 'shed':
        throw this.#shed();
      case 'full':
      case 'too-many-holds':
      case 'expired':
      case 'window-mismatch':
      case 'wrong-type':
      case 'unavailable':
        if (result.outcome === 'wrong-type') this.#wrongTypeKeys.met(plan);
        return this.#withoutStore(check, plan, unavailableFor(result));
      default:
        return result satisfies never;
    }
  }

  #withoutStore(check: PlannedCheck, plan: CheckPlan, unavailable: Unavailable): Answer<EngineDecision> {
    const { operationId, operation, amount, amounts, rulesVersion, startedAt } = check;
    const undecided = { plan, operationId, operation, amount, amounts, unavailable, rulesVersion };
    this.#local.holds.expire(this.#store.now());
    return this.#undecided.decide(undecided, this.#answerBy(startedAt));
  }

  #usageKnown({ counters }: CheckPlan, cause: DegradedCause): Pick<Usage, 'limits' | 'degraded'> {
    const known = this.#local.countsAt(counters, this.#store.now());
    return { limits: limitStates(known, 1), degraded: { cause } };
  }

  #answerBy(startedAt: number): number {
    return Math.max(startedAt + this.#answerMs, performance.now() + this.#diskMs);
  }

  #reserving(degraded: DegradedDecisions): ReservationRunner {
    const { counters, holds } = this.#local;
    const access: StoreAccess = {
      ...{ store: this.#store, guard: this.#guard, outbox: this.#reconciler.outbox, holds, degraded },
      known: new KnownReservations(),
      acknowledged: (operation) => this.#reconciler.acknowledged(operation),
      repeated: (take, counted) => this.#reconciler.repeated(take, counted),
      recall: (operationId) => this.#reconciler.recall(operationId),
      answerBy: (startedAt: number) => this.#answerBy(startedAt),
      shed: () => this.#shed(),
    };
    const way: CheckWay = {
      ask: (take, plan, check) => {
        const late = (answer: TakeResult) => this.#reconciler.outbox.heard(check.operation, answer);
        return this.#askInTurn(take, plan, { takes: check, late });
      },
      asEnforced: this.#asEnforced,
      known: (counts) => this.#known(counts),
      wrongType: (plan) => this.#wrongTypeKeys.met(plan),
      undecided: this.#undecided,
    };
    return new ResilientReservations(access, way, counters);
  }

  /** The queue before the store is full, or the check has waited in it for longer than a caller waits for an answer. */
  #shed(checks = 1): QuotaError {
    this.#observer.shed?.(checks);
    return QuotaError.overloaded('This node has more checks than it can decide in time: try again later.');
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

  /** What the store said, and what is allowed here and not yet settled. */
  #known(counts: Counts<PlannedLimit>): Counts<PlannedLimit> {
    return this.#reconciler.outbox.isClear ? counts : this.#local.counters.added(counts);
  }
}

type PlannedTake = TakeResult<PlannedLimit>;
