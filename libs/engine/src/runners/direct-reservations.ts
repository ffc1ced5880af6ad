import { QuotaError, type DegradedCause } from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import { byPolicy, decisionOf, tooManyHolds } from '../decisions/decision.js';
import { degradedBy, onDenyOf, strictestPolicy } from '../decisions/degrade-policy.js';
import type { CheckPlan } from '../decisions/check-planner.js';
import { endById, heldHere } from '../holds/known-by-id.js';
import { endingSettlement } from '../holds/ending-settlement.js';
import { then, type Answer } from '../stores/answer.js';
import type { EndHoldResult } from '../stores/holds.js';
import type { GiveBackResult, OperationRefundResult, SetUsageResult } from '../stores/reversals.js';
import type { Counts } from '../stores/counter-ref.js';
import type { Store } from '../stores/store.js';
import type { TakeResult } from '../stores/take.js';

import { drilledCheck } from './drilled-check.js';
import { inCurrentWindows } from './in-current-windows.js';
import type {
  EndedHold,
  PlannedEnding,
  PlannedRefund,
  PlannedReserve,
  PlannedReturn,
  PlannedSetting,
  ReservationRunner,
  Reserved,
} from './reservation-runner.js';

/** What the store answers at once can't be late. */
const deadlineAt = Infinity;
/** A commit offers windows when it is asked for them; then with the clock of the store's answer, and what counters keep. */
const MAX_OFFERS_OF_ENDING = 3;

/** Reservations and reversals in a store in this process. */
export class DirectReservations implements ReservationRunner {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  reserve(check: PlannedReserve): Answer<Reserved> {
    if (check.storeAway !== undefined) return this.#drilled(check, check.storeAway);
    const { operation, amount, amounts, hold, fairnessKey, operationId, rulesVersion } = check;
    return inCurrentWindows<TakeResult<PlannedLimit>, Reserved>(
      check,
      this.#store,
      ({ counters }) =>
        this.#store.take({ counters, operation, amount, amounts, hold, fairnessKey, deadlineAt }),
      (plan, result) => {
        switch (result.outcome) {
          case 'taken':
          case 'replayed': {
            const decision = decisionOf(check, result, this.#store.now());
            return { decision, reservation: result.reservation, isDegraded: false };
          }
          case 'refused':
            return { decision: decisionOf(check, result, this.#store.now()), isDegraded: false };
          case 'too-many-holds': {
            const context = { operationId, rulesVersion, degraded: null };
            return { decision: tooManyHolds(result.counts, check, context), isDegraded: false };
          }
          case 'full':
            return this.#withoutRoom(check, plan, result.counts);
          case 'conflict':
            throw QuotaError.conflict(operationId);
          case 'refunded':
            throw QuotaError.refunded(operationId);
          case 'expired':
          case 'window-mismatch':
          case 'wrong-type':
            throw undecided(result.outcome);
          default:
            return result satisfies never;
        }
      },
    );
  }

  /** It is held like any other, so it ends like any other. */
  #drilled(check: PlannedReserve, cause: DegradedCause): Answer<Reserved> {
    const drilled = drilledCheck(check, cause);
    if (drilled.refusal) return { decision: drilled.refusal, isDegraded: false };
    return then(this.reserve(drilled.check), ({ decision, ...reserved }) => ({
      ...reserved,
      decision: drilled.shown(decision),
    }));
  }

  end(planned: PlannedEnding): Answer<EndedHold> {
    const { operation, ending, places, countersAt, isDegraded, terms, resource: fairnessKey } = planned;
    const ask = (left: number): Answer<EndedHold> => {
      const offersLimits = ending.kind === 'extend' || left < MAX_OFFERS_OF_ENDING;
      const counters = offersLimits ? countersAt(this.#store.now()) : places;
      const takenAt = isDegraded ? undefined : terms.at;
      const request = { operation, counters, offersLimits, ending, takenAt, deadlineAt, fairnessKey };
      return then(this.#store.endHold(request), (result: EndHoldResult<PlannedLimit>) => {
        switch (result.outcome) {
          case 'window-mismatch':
            if (result.kept) planned.keep(result.kept);
            if (left > 1) return ask(left - 1);
            throw undecided(result.outcome);
          case 'wrong-type':
          case 'expired':
            throw undecided(result.outcome);
          case 'not-found':
            return isDegraded ? this.#endUnknown(planned) : result;
          case 'ended':
          case 'found':
          case 'ended-otherwise':
          case 'extended':
          case 'refused':
            return result;
          default:
            return result satisfies never;
        }
      });
    };
    return ask(MAX_OFFERS_OF_ENDING);
  }

  refund(refund: PlannedRefund): Answer<OperationRefundResult> {
    const { operation } = refund;
    return inCurrentWindows<OperationRefundResult, OperationRefundResult>(
      refund,
      this.#store,
      ({ counters }) => this.#store.refund({ counters, operation, deadlineAt }),
      (_plan, result) => result,
    );
  }

  giveBack(returned: PlannedReturn): Answer<GiveBackResult<PlannedLimit>> {
    const { operation, amount, amounts, totalsOf } = returned;
    return inCurrentWindows<GiveBackResult<PlannedLimit>, GiveBackResult<PlannedLimit>>(
      returned,
      this.#store,
      ({ counters }) =>
        this.#store.giveBack({ counters: totalsOf(counters), operation, amount, amounts, deadlineAt }),
      (_plan, result) => result,
    );
  }

  setUsage(setting: PlannedSetting): Answer<SetUsageResult<PlannedLimit>> {
    return inCurrentWindows<SetUsageResult<PlannedLimit>, SetUsageResult<PlannedLimit>>(
      setting,
      this.#store,
      ({ counters }) => this.#store.setUsage({ counters: setting.settingsOf(counters), deadlineAt }),
      (_plan, result) => result,
    );
  }

  /** As for a check that the store has no room to count: what `allow` passes is held nowhere, and counted when it is committed. */
  #withoutRoom(check: PlannedReserve, plan: CheckPlan, counts: Counts<PlannedLimit>): Reserved {
    const { operationId, rulesVersion } = check;
    const isAllowed = strictestPolicy(plan) === 'allow';
    const degraded = degradedBy('overloaded', isAllowed ? 'allow' : 'deny');
    const onDeny = isAllowed ? undefined : onDenyOf(plan);
    const decision = byPolicy(isAllowed, counts, check, { operationId, rulesVersion, degraded, onDeny });
    if (!isAllowed) return { decision, isDegraded: true };
    return { decision, reservation: heldHere(check, Math.round(this.#store.now())), isDegraded: true };
  }

  /** The store has never held it; a commit counts all the same, as far as the store has room. */
  #endUnknown(planned: PlannedEnding): Answer<EndedHold> {
    const ended = endById(
      { ...planned.terms, content: planned.operation.content },
      planned.ending,
      this.#store.now(),
    );
    if (!('reservation' in ended)) return ended;
    const settlement =
      ended.outcome === 'ended' ? endingSettlement(planned, Math.round(this.#store.now())) : undefined;
    const answer: EndedHold =
      planned.ending.kind === 'extend'
        ? { outcome: 'extended', reservation: ended.reservation, counts: [] }
        : { ...ended, windows: [] };
    return settlement === undefined ? answer : then(this.#store.settle(settlement), () => answer);
  }
}

/** Its clock jumped over two windows within one call, twice. */
function undecided(outcome: string): QuotaError {
  return new QuotaError('store-unavailable', `The store in this process did not decide: ${outcome}.`);
}
