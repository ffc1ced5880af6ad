import {
  type Answer,
  amountsByMeter,
  type CounterRef,
  type Counts,
  committedOf,
  degradedBy,
  type EndedHold,
  type PlannedEnding,
  type PlannedLimit,
  settledInCurrent,
  startsAtOf,
  type StoredReservation,
  takenOf,
  takesNothing,
  type Takes,
  then,
  unitsOf,
} from '@sundial/engine/ports';
import type { Amounts, DegradePolicy } from '@sundial/contract';
import type { Unavailable } from '../guard/unavailable.js';
import type { PendingSettlement } from '../outbox/pending-settlement.js';
import type { StoreAccess } from './store-access.js';

/**
 * Extends reservations while the store is away. A longer hold takes nothing that others could want. What it adds is decided like a
 * check, by the policies of the rules, and held here until the store has it. That is one settlement with the hold, in the
 * windows of the hold: where a window has turned since, no more of its limits can be added, and the extension is refused.
 */
export class ResilientExtensions {
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  /** `held` is the reservation as this node knows it. */
  extend(planned: PlannedEnding, held: StoredReservation, unavailable: Unavailable): Answer<EndedHold> {
    const { ending, operation } = planned;
    if (ending.kind !== 'extend') throw new Error('Not an extension');
    const now = Math.round(this.#access.store.now());
    const amounts = largerOf(held.amounts, committedOf(held.amounts, ending));
    const expiresAt = Math.max(held.expiresAt, now + (ending.ttlMs ?? 0));
    const reservation = { ...held, amounts, expiresAt };
    const added: Takes = { ...takenOf(differenceOf(amounts, held.amounts)), hold: {} };
    if (takesNothing(added)) {
      this.#access.holds.prolong(operation.id, expiresAt);
      return this.#journal(planned, { reservation, unavailable, policy: undefined, counts: [] }, now);
    }
    const inItsWindows = planned.countersAt(held.at);
    const { isAllowed, policy, counts } = this.#decide(planned.countersAt(now), inItsWindows, added, now);
    const degraded = degradedBy(unavailable.cause, policy);
    const refused: EndedHold = { outcome: 'refused', reservation: held, counts, degraded };
    if (!isAllowed) return refused;
    const counters = settledInCurrent(inItsWindows);
    const { onExpiry } = held;
    this.#access.holds.extend(operation.id, { counters, takes: added, expiresAt, onExpiry });
    return this.#journal(planned, { reservation, unavailable, policy, counts }, now);
  }

  #decide(
    counters: readonly CounterRef<PlannedLimit>[],
    before: readonly CounterRef<PlannedLimit>[],
    added: Takes,
    now: number,
  ): ReturnType<StoreAccess['degraded']['extend']> {
    const { degraded } = this.#access;
    return hasTurned(counters, before, added)
      ? degraded.look(counters, now)
      : degraded.extend(counters, added, now);
  }

  #journal(
    { operation, held, isDegraded, countersAt, resource, startedAt }: PlannedEnding,
    { reservation, unavailable, policy, counts }: Extended,
    now: number,
  ): Answer<EndedHold> {
    const { outbox, answerBy, known } = this.#access;
    const { at, expiresAt, onExpiry, amounts } = reservation;
    const { cause, executionStatus } = unavailable;
    const promised = outbox.promised(operation.id)?.settlement;
    // The store may let it expire before it hears of the first of several extensions, whose place this one takes.
    const decidedAt = promised?.intent === 'hold' ? promised.decidedAt : now;
    const pending: PendingSettlement = {
      settlement: {
        ...{ intent: 'hold', operation: { ...operation, attempt: `e${at.toString(36)}` } },
        ...takenOf(amounts),
        ...{ counters: settledInCurrent(countersAt(at)), decidedAt },
        hold: { takenAt: at, isDegraded, expiresAt, onExpiry },
        ...(isMore(amounts, amountsByMeter(held)) && { extended: amounts }),
      },
      degraded: degradedBy(cause, policy ?? 'allow'),
      ...{ executionStatus, decidedAt: now, resource },
    };
    known.note(operation.id, reservation, now);
    const degraded = policy && { degraded: degradedBy(cause, policy) };
    const answer: EndedHold = { outcome: 'journaled', cause, reservation, counts, ...degraded };
    return then(outbox.enqueue(pending, answerBy(startedAt)) ?? true, () => answer);
  }
}

interface Extended {
  readonly reservation: StoredReservation;
  readonly unavailable: Unavailable;
  /** Absent where nothing is added. */
  readonly policy: DegradePolicy | undefined;
  readonly counts: Counts<PlannedLimit>;
}

/** Whether a limit that takes some of what is added counts in another window than when the hold was taken. */
function hasTurned(
  counters: readonly CounterRef<PlannedLimit>[],
  before: readonly CounterRef<PlannedLimit>[],
  added: Takes,
): boolean {
  return counters.some(({ limits }, index) =>
    limits.some((limit) => {
      const was = before[index]?.limits.find(({ field }) => field === limit.field);
      const isIn = was !== undefined && startsAtOf(was, 'current') === startsAtOf(limit, 'current');
      return !isIn && unitsOf(limit, added) > 0;
    }),
  );
}

function largerOf(held: Amounts, named: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(named).map(([meter, units]) => [meter, Math.max(units, held[meter] ?? 0)]),
  );
}

function isMore(amounts: Amounts, held: Amounts): boolean {
  return Object.entries(amounts).some(([meter, units]) => units > (held[meter] ?? 0));
}

function differenceOf(amounts: Amounts, held: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).map(([meter, units]) => [meter, units - (held[meter] ?? 0)]),
  );
}
