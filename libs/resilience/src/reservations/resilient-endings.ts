import {
  type Answer,
  amountsByMeter,
  type Dispatch,
  degradedBy,
  endById,
  type EndedById,
  type EndedHold,
  type EndHoldResult,
  endingSettlement,
  type PlannedEnding,
  type PlannedLimit,
  REMEMBER_MS,
  type StoredReservation,
  takenOf,
  takesNothing,
  then,
} from '@sundial/engine/ports';
import { unavailableFor, type Shed, type Unavailable } from '../guard/unavailable.js';
import type { PendingSettlement } from '../outbox/pending-settlement.js';
import { acknowledgedEnding } from './acknowledged-reservation.js';
import { endKnown, isReservation, promisedReservation } from './promised-reservation.js';
import { ResilientExtensions } from './resilient-extensions.js';
import type { StoreAccess } from './store-access.js';

/** A commit offers windows when it is asked for them; then with the clock of the store's answer, and what counters keep. */
const MAX_OFFERS = 3;
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
  readonly #extensions: ResilientExtensions;

  constructor(access: StoreAccess) {
    this.#access = access;
    this.#extensions = new ResilientExtensions(access);
  }

  /** @throws QuotaError `overloaded` */
  end(planned: PlannedEnding): Answer<EndedHold> {
    const promised = this.#promised(planned);
    if (!isReservation(promised)) return this.#ask(planned, MAX_OFFERS);
    const { executionStatus, degraded } = promised;
    const unavailable: Unavailable = { outcome: 'unavailable', cause: degraded.cause, executionStatus };
    const known = promisedReservation(promised, this.#access.store.now());
    return this.#endByItself(planned, unavailable, known);
  }

  #ask(planned: PlannedEnding, offers: number): Promise<EndedHold> {
    const { store, guard, shed } = this.#access;
    const { operation, ending, places, isDegraded, terms, resource } = planned;
    const offersLimits = ending.kind === 'extend' || offers < MAX_OFFERS;
    const counters = offersLimits ? planned.countersAt(store.now()) : places;
    const takenAt = isDegraded ? undefined : terms.at;
    const call = (deadlineAt: Dispatch) =>
      store.endHold<PlannedLimit>({
        operation,
        counters,
        offersLimits,
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
            if (result.kept) planned.keep(result.kept);
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
          case 'extended':
            this.#note(planned, result.reservation);
            return result;
          case 'found':
          case 'ended-otherwise':
          case 'refused':
            return result;
          default:
            return result satisfies never;
        }
      });
  }

  /** The store has done it: should it lose that, or be away when it is repeated, this node knows. */
  #note(planned: PlannedEnding, reservation: StoredReservation): void {
    const { known, store, acknowledged } = this.#access;
    known.note(planned.operation.id, reservation, store.now());
    for (const operation of acknowledgedEnding(planned, reservation, store.now())) acknowledged(operation);
  }

  /** `known` is what this node has promised, or has answered before. */
  #endByItself(
    planned: PlannedEnding,
    unavailable: Unavailable,
    known = this.#access.known.find(planned, this.#access.store.now()) ?? this.#refunded(planned),
  ): Answer<EndedHold> {
    const { ending, operation } = planned;
    const ended = this.#ended(planned, known);
    if (!('reservation' in ended)) return ended;
    if (ended.outcome === 'ended-otherwise') return { ...ended, windows: [] };
    const { reservation } = ended;
    if (ending.kind === 'extend') return this.#extensions.extend(planned, reservation, unavailable);
    const answer: EndedHold = { outcome: 'journaled', cause: unavailable.cause, reservation, counts: [] };
    // It has ended before, or is looked at.
    if (reservation === known) return answer;
    const held = takenOf(reservation.amounts);
    const named = { ...planned, held, ending: inFull(planned, reservation), terms: termsOf(planned, known) };
    const decidedAt = Math.round(this.#access.store.now());
    const settlement = endingSettlement(named, decidedAt);
    if (settlement === undefined) return answer;
    this.#access.known.note(operation.id, reservation, decidedAt);
    if (ending.kind === 'release') this.#access.holds.release(operation.id);
    else this.#access.holds.commit(operation.id, takenOf(reservation.committed ?? {}));
    const { outbox, answerBy } = this.#access;
    const { cause, executionStatus } = unavailable;
    const { resource, startedAt } = planned;
    // It takes the place of what is pending for the reservation: whatever the store has heard of it, this is the last word.
    const degraded = degradedBy(cause, 'allow');
    const isKept = outbox.enqueue(
      { settlement, degraded, executionStatus, decidedAt, resource },
      answerBy(startedAt),
    );
    return then(isKept ?? true, () => answer);
  }

  /** One that a node has decided may be here by another attempt. */
  #promised({ operation, terms, isDegraded }: PlannedEnding): PendingSettlement | undefined {
    const { outbox } = this.#access;
    const exact = outbox.promisedReservation(operation.id, terms.at);
    return exact === undefined && isDegraded ? outbox.promised(operation.id) : exact;
  }

  /** Of one that is refunded no more is known than that it was committed: its refund is the last that the store hears of it. */
  #refunded({ operation, terms, held }: PlannedEnding): StoredReservation | undefined {
    const promised = this.#access.outbox.promised(operation.id);
    if (promised?.settlement.intent !== 'refund') return undefined;
    const amounts = amountsByMeter(held);
    const { settlement } = promised;
    const committed = takesNothing(settlement) ? amounts : amountsByMeter(settlement);
    return {
      ...terms,
      state: 'committed',
      amounts,
      committed,
      late: false,
      until: terms.expiresAt + REMEMBER_MS,
    };
  }

  #ended({ terms, operation, ending }: PlannedEnding, known: StoredReservation | undefined): EndedById {
    const now = this.#access.store.now();
    return known
      ? endKnown(known, ending, now)
      : endById({ ...terms, content: operation.content }, ending, now);
  }
}

/** A commit of all meters: the store may know of another extension, or of none. */
function inFull({ ending }: PlannedEnding, { committed }: StoredReservation): PlannedEnding['ending'] {
  return ending.kind === 'commit' && committed ? { kind: 'commit', amounts: committed } : ending;
}

function termsOf({ terms }: PlannedEnding, known: StoredReservation | undefined): PlannedEnding['terms'] {
  return known ? { at: known.at, expiresAt: known.expiresAt, onExpiry: known.onExpiry } : terms;
}
