import { QuotaError } from '@sundial/contract';
import {
  type Answer,
  type CheckPlan,
  type CounterRef,
  type Counts,
  decisionOf,
  type Dispatch,
  heldHere,
  inCurrentWindows,
  type LimitSpec,
  type PlannedLimit,
  type PlannedReserve,
  type Reserved,
  type TakeResult,
  then,
  tooManyHolds,
} from '@sundial/engine/ports';
import type { AcknowledgedOperation } from '../replay/acknowledged-operations.js';
import type { UndecidedChecks } from '../fallback/undecided-checks.js';
import { unavailableFor, type Shed, type Unavailable } from '../guard/unavailable.js';
import { acknowledgedReserve } from './acknowledged-reservation.js';
import { isReservation, promisedReservation } from './promised-reservation.js';
import type { StoreAccess } from './store-access.js';

type Placed = Extract<TakeResult<PlannedLimit>, { readonly outcome: 'taken' | 'replayed' }>;

/** In the windows of when it was taken. */
function thenOf(
  { planner, rules, subject }: PlannedReserve,
  reserve: AcknowledgedOperation,
): AcknowledgedOperation {
  const keys = new Set(reserve.counters.map(({ key }) => key));
  const all = planner.countersAt(rules, subject, reserve.hold!.takenAt);
  return { ...reserve, counters: all.filter(({ key }) => keys.has(key)) };
}

/** The store need not be asked. */
const NOT_ASKED = { outcome: 'unavailable', executionStatus: 'not-executed' } as const;

/** How a check of this plan asks the store, and what it makes of counts while some usage is pending here. */
export interface CheckWay {
  ask(
    call: (dispatch: Dispatch) => Answer<TakeResult<PlannedLimit>>,
    plan: CheckPlan,
    check: PlannedReserve,
  ): Promise<TakeResult<PlannedLimit> | Unavailable | Shed>;
  asEnforced<L extends LimitSpec>(counters: readonly CounterRef<L>[]): readonly CounterRef<L>[];
  known(counts: Counts<PlannedLimit>): Counts<PlannedLimit>;
  wrongType(plan: CheckPlan): void;
  readonly undecided: UndecidedChecks;
}

/** Places reservations in a store that can be away: without it, a reserve is decided like a check, and this node holds the units. */
export class ResilientReserves {
  readonly #access: StoreAccess;
  readonly #way: CheckWay;

  constructor(access: StoreAccess, way: CheckWay) {
    this.#access = access;
    this.#way = way;
  }

  /** @throws QuotaError `operation-conflict`, `operation-refunded`, `overloaded` */
  reserve(check: PlannedReserve): Answer<Reserved> {
    const { operation, amount, amounts, hold, fairnessKey, plan, storeAway } = check;
    if (storeAway !== undefined) return this.#withoutStore(check, plan, { ...NOT_ASKED, cause: storeAway });
    const cause = this.#way.undecided.unrecorded(check);
    if (cause !== undefined) return this.#withoutStore(check, plan, { ...NOT_ASKED, cause });
    const { store } = this.#access;
    return inCurrentWindows<TakeResult<PlannedLimit> | Unavailable | Shed, Reserved>(
      check,
      store,
      (offered) =>
        this.#way.ask(
          (deadlineAt) =>
            store.take({
              counters: offered.counters,
              asEnforced: (counters) => this.#way.asEnforced(counters),
              operation,
              amount,
              amounts,
              hold,
              deadlineAt,
              fairnessKey,
            }),
          offered,
          check,
        ),
      (offered, result) => this.#conclude(check, offered, result),
    );
  }

  #conclude(
    check: PlannedReserve,
    plan: CheckPlan,
    result: TakeResult<PlannedLimit> | Unavailable | Shed,
  ): Answer<Reserved> {
    const now = this.#access.store.now();
    const { operationId, rulesVersion } = check;
    switch (result.outcome) {
      case 'taken':
      case 'replayed': {
        this.#note(check, result, now);
        const counts = this.#way.known(result.counts);
        const decision = decisionOf(check, { ...result, counts }, now);
        return { decision, reservation: result.reservation, isDegraded: false };
      }
      case 'refused': {
        const counts = this.#way.known(result.counts);
        return { decision: decisionOf(check, { ...result, counts }, now), isDegraded: false };
      }
      case 'too-many-holds': {
        const context = { operationId, rulesVersion, degraded: null };
        return { decision: tooManyHolds(result.counts, check, context), isDegraded: false };
      }
      case 'conflict':
        throw QuotaError.conflict(operationId);
      case 'refunded':
        throw QuotaError.refunded(operationId);
      case 'shed':
        throw this.#access.shed();
      case 'full':
      case 'expired':
      case 'window-mismatch':
      case 'wrong-type':
      case 'unavailable':
        if (result.outcome === 'wrong-type') this.#way.wrongType(plan);
        return this.#withoutStore(check, plan, unavailableFor(result));
      default:
        return result satisfies never;
    }
  }

  /** The store has done it, for this attempt or another: should it lose that, it is replayed. */
  #note(check: PlannedReserve, result: Placed, now: number): void {
    for (const reserve of acknowledgedReserve(check, result, now)) {
      if (result.outcome === 'taken') this.#access.acknowledged(reserve);
      else this.#access.repeated(thenOf(check, reserve), result.counted);
    }
  }

  #withoutStore(check: PlannedReserve, plan: CheckPlan, unavailable: Unavailable): Answer<Reserved> {
    const { operationId, operation, amount, amounts, hold, rulesVersion, startedAt } = check;
    const { answerBy, holds, outbox, store } = this.#access;
    holds.expire(store.now());
    const undecided = { plan, operationId, operation, amount, amounts, hold, unavailable, rulesVersion };
    return then(this.#way.undecided.decide(undecided, answerBy(startedAt)), (decision) => {
      if (!decision.allowed) return { decision, isDegraded: true };
      const promised = outbox.promised(operation.id);
      const reservation = isReservation(promised)
        ? promisedReservation(promised, store.now())
        : heldHere(check, Math.round(store.now()));
      return { decision, reservation, isDegraded: true };
    });
  }
}
