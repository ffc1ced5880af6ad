import {
  type Answer,
  type Dispatch,
  degradedBy,
  endById,
  type EndedHold,
  type EndHoldResult,
  endingSettlement,
  type PlannedEnding,
  type PlannedLimit,
  type SettledLimit,
  type SettleRequest,
  settledInCurrent,
  takenOf,
  then,
} from '@sundial/engine/ports';
import { unavailableFor, type Shed, type Unavailable } from '../guard/unavailable.js';
import { endPromised, isReservation, type PendingReservation } from './promised-reservation.js';
import type { StoreAccess } from './store-access.js';

/** The second is made with the clock of the store's answer. */
const MAX_OFFERS = 2;
/** The store answers, and does not know the reservation yet: another node has placed it, and will tell the store. */
const NOT_KNOWN_YET: Unavailable = {
  outcome: 'unavailable',
  cause: 'store-error',
  executionStatus: 'not-executed',
};

type Ended = EndHoldResult<PlannedLimit> | Unavailable | Shed;

/**
 * Ends reservations in a store that can be away. Any node can end any reservation, since its id says what it holds: what the store
 * did not answer is journaled, and makes the counters exact when the store is back, whatever became of the hold meanwhile.
 */
export class ResilientEndings {
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  /** @throws QuotaError `overloaded` */
  end(planned: PlannedEnding): Answer<EndedHold> {
    const promised = this.#access.outbox.promised(planned.operation.id);
    return isReservation(promised) ? this.#endPromised(planned, promised) : this.#ask(planned, MAX_OFFERS);
  }

  #ask(planned: PlannedEnding, offers: number): Promise<EndedHold> {
    const { store, guard, shed } = this.#access;
    const { operation, ending, places, isDegraded, terms, resource } = planned;
    const counters = ending.kind === 'extend' ? planned.countersAt(store.now()) : places;
    const takenAt = isDegraded ? undefined : terms.at;
    const call = (deadlineAt: Dispatch) =>
      store.endHold<PlannedLimit>({
        operation,
        counters,
        ending,
        takenAt,
        deadlineAt,
        fairnessKey: resource,
      });
    return guard
      .askInTurn<EndHoldResult<PlannedLimit>>(call, counters, { resource })
      .then((result: Ended) => {
        switch (result.outcome) {
          case 'shed':
            throw shed();
          case 'window-mismatch':
            return offers > 1
              ? this.#ask(planned, offers - 1)
              : this.#endByItself(planned, unavailableFor(result));
          case 'wrong-type':
          case 'expired':
          case 'unavailable':
            return this.#endByItself(planned, unavailableFor(result));
          case 'not-found':
            return isDegraded ? this.#endByItself(planned, NOT_KNOWN_YET) : result;
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
  }

  #endByItself(planned: PlannedEnding, unavailable: Unavailable): Answer<EndedHold> {
    const { ending, terms, operation } = planned;
    const ended = endById({ ...terms, content: operation.content }, ending, this.#access.store.now());
    if (!('reservation' in ended)) return ended;
    if (ended.outcome === 'ended-otherwise') return { ...ended, windows: [] };
    if (ending.kind === 'extend') return this.#extend(planned, unavailable);
    const answer: EndedHold = {
      outcome: 'journaled',
      cause: unavailable.cause,
      reservation: ended.reservation,
      counts: [],
    };
    const settlement = endingSettlement(planned, Math.round(this.#access.store.now()));
    if (settlement === undefined) return answer;
    if (ending.kind === 'release') this.#access.holds.release(operation.id);
    else this.#access.holds.commit(operation.id, takenOf(ended.reservation.committed ?? {}));
    return then(this.#enqueue(settlement, planned, unavailable), () => answer);
  }

  /** A longer hold takes nothing that others could want; more units are refused, since nothing says that there are any. */
  #extend(planned: PlannedEnding, unavailable: Unavailable): Answer<EndedHold> {
    const { terms, ending, operation, held, isDegraded, countersAt } = planned;
    if (ending.kind !== 'extend') throw new Error('Not an extension');
    const { at, onExpiry } = terms;
    const now = Math.round(this.#access.store.now());
    const said = endById({ ...terms, content: operation.content }, { kind: 'look' }, now);
    if (!('reservation' in said)) return said;
    const { amounts } = said.reservation;
    const { amount = 0, amounts: more = {} } = ending;
    const isMore = Object.entries({ units: amount, ...more }).some(
      ([meter, units]) => units > (amounts[meter] ?? 0),
    );
    if (isMore) return { outcome: 'refused', reservation: said.reservation, counts: [] };
    const expiresAt = Math.max(terms.expiresAt, now + (ending.ttlMs ?? 0));
    this.#access.holds.prolong(operation.id, expiresAt);
    const settlement: SettleRequest<PlannedLimit & SettledLimit> = {
      ...{ intent: 'hold', operation: { ...operation, attempt: `e${at.toString(36)}` }, ...held },
      ...{
        counters: settledInCurrent(countersAt(at)),
        hold: { takenAt: at, isDegraded, expiresAt, onExpiry },
        decidedAt: now,
      },
    };
    const reservation = { ...said.reservation, expiresAt };
    const answer: EndedHold = { outcome: 'journaled', cause: unavailable.cause, reservation, counts: [] };
    return then(this.#enqueue(settlement, planned, unavailable), () => answer);
  }

  #endPromised(planned: PlannedEnding, promised: PendingReservation): Answer<EndedHold> {
    const { cause } = promised.degraded;
    const { executionStatus } = promised;
    if (promised.settlement.intent === 'hold')
      return this.#endByItself(planned, { outcome: 'unavailable', cause, executionStatus });
    const ended = endPromised(promised, planned.ending, this.#access.store.now());
    if (!('reservation' in ended)) return ended;
    if (ended.outcome === 'ended-otherwise') return { ...ended, windows: [] };
    return { outcome: 'journaled', cause, reservation: ended.reservation, counts: [] };
  }

  /** It takes the place of what is pending for the reservation: whatever the store has heard of it, this is the last word. */
  #enqueue(
    settlement: SettleRequest<PlannedLimit & SettledLimit>,
    { resource, startedAt }: PlannedEnding,
    { cause, executionStatus }: Unavailable,
  ): Answer<unknown> {
    const { outbox, answerBy } = this.#access;
    const degraded = degradedBy(cause, 'allow');
    const { decidedAt } = settlement;
    const pending = { settlement, degraded, executionStatus, decidedAt, resource };
    return outbox.enqueue(pending, answerBy(startedAt)) ?? undefined;
  }
}
