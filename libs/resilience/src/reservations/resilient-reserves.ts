import {
  type Answer,
  type CheckPlan,
  decisionOf,
  heldHere,
  inCurrentWindows,
  type PlannedLimit,
  type PlannedReserve,
  type Reserved,
  type TakeResult,
  then,
  tooManyHolds,
} from '@sundial/engine/ports';
import type { AskedStore } from '../checks/asked-store.js';
import type { AcknowledgedOperation } from '../replay/acknowledged-operations.js';
import type { UndecidedChecks } from '../fallback/undecided-checks.js';
import { notAsked, type Shed, type Unavailable } from '../guard/unavailable.js';
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

/** Places reservations in a store that can be away: without it, a reserve is decided like a check, and this node holds the units. */
export class ResilientReserves {
  readonly #access: StoreAccess;
  readonly #asked: AskedStore;
  readonly #undecided: UndecidedChecks;

  constructor(access: StoreAccess, asked: AskedStore, undecided: UndecidedChecks) {
    this.#access = access;
    this.#asked = asked;
    this.#undecided = undecided;
  }

  /** @throws QuotaError `operation-conflict`, `operation-refunded`, `overloaded` */
  reserve(check: PlannedReserve): Answer<Reserved> {
    const { operation, amount, amounts, hold, fairnessKey, plan, storeAway } = check;
    if (storeAway !== undefined) return this.#withoutStore(check, plan, notAsked(storeAway));
    const cause = this.#undecided.unrecorded(check);
    if (cause !== undefined) return this.#withoutStore(check, plan, notAsked(cause));
    const { store } = this.#access;
    return inCurrentWindows<TakeResult<PlannedLimit> | Unavailable | Shed, Reserved>(
      check,
      store,
      (offered) =>
        this.#asked.take(
          (deadlineAt) =>
            store.take({
              counters: offered.counters,
              asEnforced: this.#asked.asEnforced,
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
    const { outcome } = result;
    if (outcome === 'too-many-holds') {
      const context = { operationId, rulesVersion, degraded: null };
      return { decision: tooManyHolds(result.counts, check, context), isDegraded: false };
    }
    if (outcome !== 'taken' && outcome !== 'replayed' && outcome !== 'refused')
      return this.#withoutStore(check, plan, this.#asked.whyUndecided(result, plan, operationId));
    if (outcome !== 'refused') this.#note(check, result, now);
    const decision = decisionOf(check, { ...result, counts: this.#asked.known(result.counts) }, now);
    if (outcome === 'refused') return { decision, isDegraded: false };
    return { decision, reservation: result.reservation, isDegraded: false };
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
    return then(this.#undecided.decide(undecided, answerBy(startedAt)), (decision) => {
      if (!decision.allowed) return { decision, isDegraded: true };
      const promised = outbox.promised(operation.id);
      const reservation = isReservation(promised)
        ? promisedReservation(promised, store.now())
        : heldHere(check, Math.round(store.now()));
      return { decision, reservation, isDegraded: true };
    });
  }
}
