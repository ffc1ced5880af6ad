import { QuotaError, type Amounts, type ReservationPack } from '@sundial/contract';
import {
  type Answer,
  amountsByMeter,
  committedOf,
  type CounterRef,
  type Dispatch,
  degradedBy,
  type GiveBackResult,
  inCurrentWindows,
  type JournaledRefund,
  type OperationRefundResult,
  type Planned,
  type PlannedLimit,
  type PlannedRefund,
  type PlannedReturn,
  type PlannedSetting,
  settledInCurrent,
  type SetUsageResult,
  splitContent,
  takenOf,
  takesNothing,
  then,
} from '@sundial/engine/ports';
import type { LocalCounters } from '../fallback/local-counters.js';
import { unavailableFor, type Shed, type Unavailable } from '../guard/unavailable.js';
import type { PendingSettlement } from '../outbox/pending-settlement.js';
import type { StoreAccess } from './store-access.js';

/** Refunds are journaled while the store is away; returns and corrections need it, since they depend on what is used. */
export class ResilientReversals {
  readonly #access: StoreAccess;
  readonly #local: Pick<LocalCounters, 'takeBack'>;

  constructor(access: StoreAccess, local: Pick<LocalCounters, 'takeBack'>) {
    this.#access = access;
    this.#local = local;
  }

  /** @throws QuotaError `overloaded` */
  refund(refund: PlannedRefund): Answer<OperationRefundResult | JournaledRefund> {
    const { operation } = refund;
    const promised = this.#access.outbox.promised(operation.id);
    const answer = promised && this.#refundPromised(refund, promised);
    if (answer !== undefined) return answer;
    const isHeldHere = promised !== undefined;
    const { store } = this.#access;
    return this.#ask<OperationRefundResult, OperationRefundResult | JournaledRefund>(
      refund,
      (counters, deadlineAt) => store.refund({ counters, operation, deadlineAt }),
      (result) => {
        switch (result.outcome) {
          case 'refunded':
            this.#note(refund);
            return result;
          case 'held':
            return result;
          case 'not-found':
            return isHeldHere ? { outcome: 'held' } : result;
          case 'window-mismatch':
          case 'wrong-type':
          case 'expired':
          case 'unavailable': {
            const counted = this.#countedAmounts(refund);
            return isHeldHere && counted === undefined
              ? { outcome: 'held' }
              : this.#journal(refund, unavailableFor(result), counted);
          }
          default:
            return result satisfies never;
        }
      },
    );
  }

  /** @throws QuotaError `store-unavailable`, `overloaded` */
  giveBack(returned: PlannedReturn): Answer<GiveBackResult<PlannedLimit>> {
    const { operation, amount, amounts, totalsOf } = returned;
    const { store } = this.#access;
    return this.#ask<GiveBackResult<PlannedLimit>, GiveBackResult<PlannedLimit>>(
      returned,
      (counters, deadlineAt) =>
        store.giveBack({ counters: totalsOf(counters), operation, amount, amounts, deadlineAt }),
      answeredOnly,
    );
  }

  /** @throws QuotaError `store-unavailable`, `overloaded` */
  setUsage(setting: PlannedSetting): Answer<SetUsageResult<PlannedLimit>> {
    const { store } = this.#access;
    return this.#ask<SetUsageResult<PlannedLimit>, SetUsageResult<PlannedLimit>>(
      setting,
      (counters, deadlineAt) => store.setUsage({ counters: setting.settingsOf(counters), deadlineAt }),
      answeredOnly,
    );
  }

  #ask<Result extends { readonly outcome: string }, T>(
    planned: Planned,
    call: (counters: readonly CounterRef<PlannedLimit>[], dispatch: Dispatch) => Answer<Result>,
    conclude: (result: Result | Unavailable) => Answer<T>,
  ): Answer<T> {
    const { guard, store, shed } = this.#access;
    return inCurrentWindows<Result | Unavailable | Shed, T>(
      planned,
      store,
      ({ counters, resource }) =>
        guard.askInTurn<Result>((dispatch) => call(counters, dispatch), counters, { resource }),
      (_plan, result) => {
        if (result.outcome === 'shed') throw shed();
        return conclude(result as Result | Unavailable);
      },
    );
  }

  /** It is pending here: the store may not know it yet. Undefined: what is held may have been ended at another node, and the store is asked. */
  #refundPromised(
    refund: PlannedRefund,
    promised: PendingSettlement,
  ): Answer<OperationRefundResult | JournaledRefund> | undefined {
    const { cause } = promised.degraded;
    const { executionStatus, settlement } = promised;
    const unavailable: Unavailable = { outcome: 'unavailable', cause, executionStatus };
    switch (settlement.intent) {
      case 'hold':
        return undefined;
      case 'release':
      case 'void':
        return { outcome: 'not-found' };
      case 'refund':
        return answerOf(cause, takesNothing(settlement) ? undefined : amountsByMeter(settlement));
      case 'count':
        this.#local.takeBack(settlement.counters, settlement);
        return this.#journal(refund, unavailable, amountsByMeter(settlement));
      case 'commit': {
        this.#access.holds.release(settlement.operation.id);
        const { committed = {} } = settlement;
        return this.#journal(
          refund,
          unavailable,
          committedOf(amountsByMeter(settlement), { amounts: committed }),
        );
      }
      default:
        return settlement.intent satisfies never;
    }
  }

  /** `amounts` are what is given back, where this node knows that: they stay with what is pending. */
  #journal(
    refund: PlannedRefund,
    { cause, executionStatus }: Unavailable,
    amounts: Amounts | undefined,
  ): Answer<JournaledRefund> {
    const { operation, plan, startedAt } = refund;
    const { outbox, store, answerBy } = this.#access;
    const decidedAt = Math.round(store.now());
    const counters = settledInCurrent(plan.counters);
    const takes = amounts === undefined ? NOTHING : takenOf(amounts);
    const settlement = { intent: 'refund', operation, counters, ...takes, decidedAt } as const;
    const degraded = degradedBy(cause, 'allow');
    const pending = { settlement, degraded, executionStatus, decidedAt, resource: plan.resource };
    const isKept = outbox.enqueue(pending, answerBy(startedAt));
    return then(isKept ?? true, () => answerOf(cause, amounts));
  }

  /** What this node has seen the store count under the operation's id; another node may have counted it. */
  #countedAmounts({ operation }: PlannedRefund): Amounts | undefined {
    const { known, recall, store } = this.#access;
    const committed = known.latest(operation.id, store.now())?.committed;
    if (committed !== undefined) return committed;
    const counted = recall(operation.id);
    if (counted?.intent !== 'count') return undefined;
    const { parts } = splitContent(counted.operation.content);
    return withParts(amountsByMeter(counted), parts);
  }

  /** Should the store lose what it has refunded, it is not counted again by a replay. */
  #note({ operation, plan }: PlannedRefund): void {
    const now = this.#access.store.now();
    const { counters } = plan;
    const said = { acknowledgedAt: now, decidedAt: now };
    this.#access.acknowledged({ intent: 'refund', operation, counters, ...NOTHING, ...said });
  }
}

/** With what packs gave. */
function withParts(inWindows: Amounts, parts: readonly ReservationPack[]): Amounts {
  const amounts = { ...inWindows } as Record<string, number>;
  for (const { meter, taken } of parts) amounts[meter] = (amounts[meter] ?? 0) + taken;
  return amounts;
}

const NOTHING = { amount: 0 };

function answerOf(cause: JournaledRefund['cause'], amounts: Amounts | undefined): JournaledRefund {
  return { outcome: 'journaled', cause, ...(amounts && { amounts }) };
}

function answeredOnly<Result extends { readonly outcome: string }>(result: Result | Unavailable): Result {
  if (result.outcome !== 'unavailable') return result as Result;
  const detail =
    'The store did not answer, and only it knows what can be given back or set. Nothing was changed here; try again.';
  throw new QuotaError('store-unavailable', detail);
}
