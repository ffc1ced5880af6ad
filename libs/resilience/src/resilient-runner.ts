import type { EngineStatus, JournalStatus, QuotaObserver, Runner, Store } from '@sundial/engine';
import {
  type Amounts,
  type Answer,
  type CounterRef,
  type Counts,
  type Decided,
  decisionOf,
  type Dispatch,
  type EngineDecision,
  inCurrentWindows,
  limitNamedBy,
  type LimitSpec,
  limitStates,
  type Planned,
  type PlannedCheck,
  type PlannedLimit,
  type CheckPlan,
  type ReadResult,
  settledCounters,
  type SettleResult,
  takesNothing,
  type TakeResult,
} from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';
import { QuotaError, type Usage } from '@sundial/contract';
import { diskTimeOf, type Journal } from './journal/journal.js';
import { WrongTypeKeys } from './guard/wrong-type-keys.js';
import { DegradedDecisions } from './fallback/degraded-decisions.js';
import { LocalCounters, type Asking, type NodeShare } from './fallback/local-counters.js';
import type { PendingSettlement } from './outbox/pending-settlement.js';
import { Reconciler } from './reconciler.js';
import { StoreGuard } from './guard/store-guard.js';
import { unavailableFor, type Shed, type Unavailable } from './guard/unavailable.js';
import { UndecidedChecks } from './fallback/undecided-checks.js';

export interface ResilientRunnerOptions {
  readonly store: Store;
  /** How long an answer may take, from the call of the verb; the store gets a tenth less, 5 ms at most. Default 50. */
  readonly deadlineMs?: number;
  /** Who shares what remains under policy `local`. Default: this node alone. */
  readonly nodes?: () => NodeShare;
  /** Keeps what is decided without the store over a restart. The runner closes it. Default: memory only. */
  readonly journal?: Journal | undefined;
  readonly observer?: QuotaObserver;
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
  readonly #undecided: UndecidedChecks;
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
    });
    for (const { settlement } of this.#reconciler.outbox.values()) {
      const { intent, counters } = settlement;
      if (intent === 'count') this.#local.restore(counters, settlement, store.now());
    }
    const degraded = new DegradedDecisions({ local: this.#local, now: () => store.now(), share: nodes });
    this.#undecided = new UndecidedChecks(degraded, this.#reconciler.outbox);
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
    const { operation, amount, amounts, fairnessKey, plan } = check;
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
        const known = this.#local.counts(offered.counters, this.#store.now());
        return {
          limits: limitStates(known, 1),
          degraded: { cause: unavailableFor(result).cause },
        };
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
        this.#acknowledged(check, plan, result);
        const counts = this.#known(plan, result.counts);
        return decisionOf(check, { ...result, counts }, this.#store.now());
      }
      case 'conflict':
        throw QuotaError.conflict(check.operationId);
      case 'refunded':
        throw new QuotaError(
          'operation-refunded',
          `Operation ${check.operationId} was refunded; use a new operationId.`,
        );
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
    const answerBy = Math.max(startedAt + this.#answerMs, performance.now() + this.#diskMs);
    const undecided = { plan, operationId, operation, amount, amounts, unavailable, rulesVersion };
    return this.#undecided.decide(undecided, answerBy);
  }

  /** The store has said that the operation is counted: should it lose it, it will be counted again. */
  #acknowledged(check: PlannedCheck, { counters }: CheckPlan, result: Decided): void {
    const { operation, amount, amounts, planner, rules, subject } = check;
    if (result.outcome === 'taken' && !takesNothing(check)) {
      const { counts } = result;
      const isCurrent = counts.every(({ windowIndex }) => windowIndex === 'current');
      this.#reconciler.acknowledged({
        intent: 'count',
        operation,
        counters: isCurrent ? counters : settledCounters(counts),
        amount,
        amounts,
        decidedAt: this.#store.now(),
      });
    } else if (result.outcome === 'replayed') {
      const then = planner.countersAt(rules, subject, result.counted.at);
      this.#reconciler.repeated({ operation, counters: then, amount, amounts }, result.counted);
    }
  }

  /** The queue before the store is full, or the check has waited in it for longer than a caller waits for an answer. */
  #shed(): QuotaError {
    this.#observer.shed?.(1);
    return QuotaError.overloaded('This node has more checks than it can decide in time: try again later.');
  }

  /** A pending settlement is in the store, or never will be. */
  #settled({ settlement, resource }: PendingSettlement, { forced = [] }: SettleResult): void {
    const { intent, counters } = settlement;
    if (intent === 'count') this.#local.settled(counters, settlement);
    for (const limit of counters.flatMap(({ limits }) => limits)) {
      const above = forced.find((each) => each.limit === limit);
      if (above === undefined) continue;
      const { field, max, rule } = limit;
      const { used } = above;
      this.#observer.overAdmitted?.({ resource, rule: rule.id, ...limitNamedBy(field), max, used });
    }
  }

  /** What the store said, and what is allowed here and not yet settled. */
  #known({ counters }: CheckPlan, counts: Counts<PlannedLimit>): Counts<PlannedLimit> {
    return this.#reconciler.outbox.isClear ? counts : this.#local.counts(counters, this.#store.now());
  }
}

type PlannedTake = TakeResult<PlannedLimit>;
