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
  type Planned,
  type PlannedCheck,
  type PlannedLimit,
  type CheckPlan,
  type ReadResult,
  type ReservationRunner,
  type SettleResult,
  type TakeResult,
} from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { type DegradedCause, QuotaError, type Usage } from '@sundial/contract';
import { diskTimeOf, type Journal } from './journal/journal.js';
import { WrongTypeKeys } from './guard/wrong-type-keys.js';
import { DegradedDecisions } from './fallback/degraded-decisions.js';
import { LocalCounters, type Asking, type NodeShare } from './fallback/local-counters.js';
import type { PendingSettlement } from './outbox/pending-settlement.js';
import { overAdmitted } from './outbox/over-admitted.js';
import { Reconciler } from './reconciler.js';
import { StoreGuard } from './guard/store-guard.js';
import { unavailableFor, type Shed, type Unavailable } from './guard/unavailable.js';
import { UndecidedChecks } from './fallback/undecided-checks.js';
import { LocalHolds } from './fallback/local-holds.js';
import type { CheckWay } from './reservations/resilient-reserves.js';
import { ResilientReservations } from './reservations/resilient-reservations.js';

export interface ResilientRunnerOptions {
  readonly store: Store;
  /** How long an answer may take, from the call of the verb; the store gets a tenth less, 5 ms at most. Default 50. */
  readonly deadlineMs?: number;
  /** Who shares what remains under policy `local`. Default: this node alone. */
  readonly nodes?: () => NodeShare;
  /** Keeps what is decided without the store over a restart. The runner closes it. Default: memory only. */
  readonly journal?: Journal | undefined;
  readonly observer?: QuotaObserver;
  /** Whether a drill says that the store is away for a resource: what was decided then is settled when it is over. */
  readonly isDrilled?: ((resource: string) => boolean) | undefined;
}

export const DEFAULT_DEADLINE_MS = 50;
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
  readonly #local = new LocalCounters();
  readonly #holds = new LocalHolds(this.#local);
  readonly #undecided: UndecidedChecks;
  readonly reservations: ReservationRunner;
  readonly #reconciler: Reconciler;
  readonly #journal: Journal | undefined;
  readonly #wrongTypeKeys: WrongTypeKeys;
  /** What an answer may take, and what of it is kept for the disk. */
  readonly #answerMs: number;
  readonly #diskMs: number;
  readonly #observer: QuotaObserver;
  /** The store keeps to the limits also while some of the usage is pending here. */
  readonly #asEnforced = <L extends LimitSpec>(counters: readonly CounterRef<L>[]) =>
    this.#reconciler.outbox.isClear ? counters : this.#local.lowered(counters);

  constructor(options: ResilientRunnerOptions) {
    const { store, observer = {}, deadlineMs = DEFAULT_DEADLINE_MS, nodes = () => ALONE, journal } = options;
    this.#store = store;
    this.#observer = observer;
    this.#journal = journal;
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
    for (const { settlement } of this.#reconciler.outbox.values()) this.#restore(settlement);
    const degraded = new DegradedDecisions({
      ...{ local: this.#local, holds: this.#holds, now: () => store.now(), share: nodes },
    });
    this.#undecided = new UndecidedChecks(degraded, this.#reconciler.outbox);
    this.reservations = this.#reserving();
  }

  get secret(): Store['secret'] {
    return this.#store.secret;
  }

  now(): number {
    return this.#store.now();
  }

  get backlogMs(): number {
    return this.#guard.backlogMs;
  }

  decide(check: PlannedCheck): Answer<EngineDecision> {
    const { operation, amount, amounts, fairnessKey, plan, storeAway } = check;
    if (storeAway !== undefined) return this.#withoutStore(check, plan, { ...NOT_ASKED, cause: storeAway });
    const promised = this.#undecided.promised(check);
    if (promised) return this.#withoutStore(check, plan, { ...NOT_ASKED, cause: promised.degraded.cause });

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
            limits: limitStates(this.#known(offered, result.counts), 1),
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
      asking = this.#local.asking(counters, takes);
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
        const counts = this.#known(plan, result.counts);
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
    this.#holds.expire(this.#store.now());
    return this.#undecided.decide(undecided, this.#answerBy(startedAt));
  }

  #usageKnown({ counters }: CheckPlan, cause: DegradedCause): Pick<Usage, 'limits' | 'degraded'> {
    const known = this.#local.counts(counters, this.#store.now());
    return { limits: limitStates(known, 1), degraded: { cause } };
  }

  #answerBy(startedAt: number): number {
    return Math.max(startedAt + this.#answerMs, performance.now() + this.#diskMs);
  }

  #reserving(): ReservationRunner {
    const access = {
      ...{ store: this.#store, guard: this.#guard, outbox: this.#reconciler.outbox, holds: this.#holds },
      answerBy: (startedAt: number) => this.#answerBy(startedAt),
      shed: () => this.#shed(),
    };
    const way: CheckWay = {
      ask: (take, plan, check) => {
        const late = (answer: TakeResult) => this.#reconciler.outbox.heard(check.operation, answer);
        return this.#askInTurn(take, plan, { takes: check, late });
      },
      asEnforced: this.#asEnforced,
      known: (plan, counts) => this.#known(plan, counts),
      wrongType: (plan) => this.#wrongTypeKeys.met(plan),
      undecided: this.#undecided,
    };
    return new ResilientReservations(access, way, this.#local);
  }

  /** What was decided before this process started. */
  #restore(settlement: PendingSettlement['settlement']): void {
    const { intent, counters, operation, hold } = settlement;
    if (intent !== 'count' && intent !== 'hold') return;
    this.#local.restore(counters, settlement, this.#store.now());
    if (hold) this.#holds.place(operation.id, { counters, takes: settlement, ...hold });
  }

  /** The queue before the store is full, or the check has waited in it for longer than a caller waits for an answer. */
  #shed(): QuotaError {
    this.#observer.shed?.(1);
    return QuotaError.overloaded('This node has more checks than it can decide in time: try again later.');
  }

  /** A pending settlement is in the store, or never will be. */
  #settled(pending: PendingSettlement, result: SettleResult): void {
    const { intent, counters, operation } = pending.settlement;
    if (intent === 'count') this.#local.settled(counters, pending.settlement);
    else if (intent === 'hold' || intent === 'commit') this.#holds.settled(operation.id);
    for (const limit of overAdmitted(pending, result)) this.#observer.overAdmitted?.(limit);
  }

  /** What the store said, and what is allowed here and not yet settled. */
  #known({ counters }: CheckPlan, counts: Counts<PlannedLimit>): Counts<PlannedLimit> {
    return this.#reconciler.outbox.isClear ? counts : this.#local.counts(counters, this.#store.now());
  }
}

type PlannedTake = TakeResult<PlannedLimit>;
