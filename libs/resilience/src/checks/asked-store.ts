import type { QuotaObserver, Store } from '@sundial/engine';
import type {
  Amounts,
  Answer,
  CheckPlan,
  CounterRef,
  Counts,
  Dispatch,
  LimitSpec,
  Operation,
  PlannedLimit,
  ReadResult,
  TakeResult,
} from '@sundial/engine/ports';
import { QuotaError } from '@sundial/contract';
import { performance } from 'node:perf_hooks';
import type { Asking } from '../fallback/local-counters.js';
import type { LocalUsage } from '../fallback/local-usage.js';
import type { StoreGuard } from '../guard/store-guard.js';
import { unavailableFor, type Shed, type Unavailable } from '../guard/unavailable.js';
import type { WrongTypeKeys } from '../guard/wrong-type-keys.js';
import type { Outbox } from '../outbox/outbox.js';

export interface AskedStoreOptions {
  readonly store: Store;
  readonly guard: StoreGuard;
  readonly local: LocalUsage;
  readonly outbox: Outbox;
  readonly wrongTypeKeys: WrongTypeKeys;
  readonly observer: Pick<QuotaObserver, 'shed'>;
  /** What an answer may take, and what of it is kept for the disk. */
  readonly answerMs: number;
  readonly diskMs: number;
}

/** What takes, with the operation that it is known by. */
type Taking = Amounts & { readonly operation: Operation };

const NOTHING: Amounts = { amount: 0 };

/** The store as checks and reserves ask it: in their turn, and with what was allowed here that it does not know yet. */
export class AskedStore {
  readonly #options: AskedStoreOptions;

  constructor(options: AskedStoreOptions) {
    this.#options = options;
  }

  get store(): Store {
    return this.#options.store;
  }

  take(
    call: (dispatch: Dispatch) => Answer<PlannedTake>,
    plan: CheckPlan,
    taking: Taking,
  ): Promise<PlannedTake | Unavailable | Shed> {
    const late = (answer: TakeResult) => this.#options.outbox.heard(taking.operation, answer);
    return this.#askInTurn(call, plan, { takes: taking, late });
  }

  read(plan: CheckPlan): Promise<ReadResult<PlannedLimit> | Unavailable | Shed> {
    const { counters } = plan;
    const look = (dispatch: Dispatch) => this.store.read({ counters }, dispatch);
    return this.#askInTurn(look, plan, { takes: NOTHING });
  }

  /** The store keeps to the limits also while some of the usage is pending here. */
  readonly asEnforced = <L extends LimitSpec>(
    counters: readonly CounterRef<L>[],
  ): readonly CounterRef<L>[] => {
    const { outbox, local } = this.#options;
    return outbox.isClear ? counters : local.counters.lowered(counters);
  };

  /** What the store said, and what is allowed here and not yet settled. */
  known(counts: Counts<PlannedLimit>): Counts<PlannedLimit> {
    const { outbox, local } = this.#options;
    return outbox.isClear ? counts : local.counters.added(counts);
  }

  /** Why the store has not decided. @throws QuotaError `operation-conflict`, `operation-refunded`, `overloaded` */
  whyUndecided(result: Undecided, plan: CheckPlan, operationId: string): Unavailable {
    switch (result.outcome) {
      case 'conflict':
        throw QuotaError.conflict(operationId);
      case 'refunded':
        throw QuotaError.refunded(operationId);
      case 'shed':
        throw this.shed();
      case 'wrong-type':
        this.#options.wrongTypeKeys.met(plan);
        return unavailableFor(result);
      case 'full':
      case 'too-many-holds':
      case 'expired':
      case 'window-mismatch':
      case 'unavailable':
        return unavailableFor(result);
      default:
        return result satisfies never;
    }
  }

  /** By when (monotonic) a call that began then is to be answered. */
  answerBy(startedAt: number): number {
    const { answerMs, diskMs } = this.#options;
    return Math.max(startedAt + answerMs, performance.now() + diskMs);
  }

  /** The queue before the store is full, or the check has waited in it for longer than a caller waits for an answer. */
  shed(checks = 1): QuotaError {
    this.#options.observer.shed?.(checks);
    return QuotaError.overloaded('This node has more checks than it can decide in time: try again later.');
  }

  #askInTurn<T extends TakeResult | ReadResult>(
    call: (dispatch: Dispatch) => Answer<T>,
    { resource, counters }: CheckPlan,
    { takes, late }: { readonly takes: Amounts; readonly late?: (answer: T) => void },
  ): Promise<T | Unavailable | Shed> {
    const { guard, local } = this.#options;
    let asking: Asking | undefined;
    const ask = (dispatch: Dispatch) => {
      asking = local.counters.asking(counters, takes);
      return call(dispatch);
    };
    return guard.askInTurn(ask, counters, { resource, late }).then((result) => {
      // At once: in the same turn another check may be decided by what this node knows.
      asking?.ends('counts' in result ? result.counts : undefined);
      return result;
    });
  }
}

type PlannedTake = TakeResult<PlannedLimit>;
type Undecided = Exclude<
  PlannedTake | Unavailable | Shed,
  { readonly outcome: 'taken' | 'replayed' | 'refused' }
>;
