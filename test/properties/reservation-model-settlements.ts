import { change, NOTHING, spread } from './reservation-model-counters.js';
import { commit, ended, refund, remember } from './reservation-model-endings.js';
import {
  isFree,
  join,
  keeps,
  look,
  taken,
  type Answered,
  type Attempted,
  type Part,
  type Remembered,
  type Shape,
  type Store,
  type Units,
} from './reservation-model.js';

/**
 * What a node has decided without the store, and the store is asked to settle until it answers: in any order, and as often as
 * answers are lost. Of a reservation it says all that its id says.
 */
export interface Settlement extends Attempted {
  readonly intent: 'count' | 'void' | 'hold' | 'commit' | 'release' | 'refund';
  /** What the operation took, in the windows of then. */
  readonly parts: readonly Part[];
  /** Of a commit. */
  readonly amounts: Units;
  readonly at: number;
  readonly decidedAt: number;
  readonly ttl: number;
  readonly onExpiry: Remembered['onExpiry'];
  /** The store itself had said that it is held; else a node had decided without it. */
  readonly wasHeld: boolean;
  /** The store was not asked at all, so it has certainly done nothing. */
  readonly isUnsent: boolean;
  /** Of a `hold` that is longer or holds more than when it was taken: its parts and its end are those of now. */
  readonly isExtended?: boolean;
}

/** The counters agree, afterwards, with what callers were answered. */
export function settle(shape: Shape, before: Store, settlement: Settlement): Answered {
  const store = look(shape, before);
  switch (settlement.intent) {
    case 'count':
    case 'hold':
      return count(shape, store, settlement);
    case 'void':
      return voidAttempt(shape, store, settlement);
    case 'commit':
      return settleCommit(shape, store, settlement);
    case 'release':
      return settleRelease(shape, store, settlement);
    case 'refund':
      return settleRefund(shape, store, settlement);
    default:
      return settlement.intent satisfies never;
  }
}

/** An allowed operation is counted, or held, once, also above the max; in windows that are over it is not. */
function count(shape: Shape, store: Store, settlement: Settlement): Answered {
  const known = store.operations[settlement.operation];
  if (settlement.isExtended && known?.isReservation && isOpenAt(known, settlement.decidedAt))
    return extended(shape, store, settlement, known);
  if (known && hasPassed(shape, known, settlement))
    return { store, outcome: 'already-counted', record: known };
  if (known?.state === 'refunded' && keeps(shape, 'a refunded operation never counts'))
    return { store, outcome: 'refunded', record: known };
  if (known && !isFree(known) && known.state !== 'refunded' && keeps(shape, 'an operation counts once'))
    return join(store, settlement, 'already-counted');
  const verb = settlement.intent === 'hold' ? 'hold' : 'take';
  const remembered = { ...settlement, verb, remember: shape.rememberSettledFor, outcome: 'counted' } as const;
  const after = taken(shape, store, remembered);
  // Its time may be over.
  return { ...after, store: look(shape, after.store) };
}

/** It is held, or was when that was decided. */
function isOpenAt({ state, expiresAt }: Remembered, decidedAt: number): boolean {
  return state === 'held' || (state === 'expired' && decidedAt < expiresAt);
}

/** It is held until then, also where the store has let it expire meanwhile, and holds what is more than it did. */
function extended(shape: Shape, store: Store, settlement: Settlement, known: Remembered): Answered {
  const { operation, parts, at, ttl, decidedAt } = settlement;
  let { counters } = store;
  if (known.state === 'expired') {
    counters = change(shape, counters, known.counted, 'used', -1);
    counters = change(shape, counters, known.held, 'reserved', 1);
  }
  const more = parts.flatMap((part): Part[] => {
    const ofLimit = known.held.filter(({ limit }) => limit === part.limit);
    const amount = part.amount - ofLimit.reduce((sum, each) => sum + each.amount, 0);
    return amount > 0 ? [{ ...part, amount }] : [];
  });
  counters = change(shape, counters, more, 'reserved', 1);
  const expiresAt = Math.max(known.expiresAt, at + ttl);
  const until = Math.max(known.until, expiresAt + shape.rememberFor, decidedAt + shape.rememberSettledFor);
  const record: Remembered = {
    ...known,
    state: 'held',
    held: [...known.held, ...more],
    counted: NOTHING,
    expiresAt,
    until,
  };
  const after = remember({ ...store, counters }, operation, record, 'already-counted');
  return { ...after, store: look(shape, after.store) };
}

/** Its ending came before it, or that of another attempt, which had the same reservation. */
function hasPassed(shape: Shape, known: Remembered, { attempt, at }: Settlement): boolean {
  const { voided, attempts, state, endedAt } = known;
  if (voided.includes(attempt)) return true;
  if (state === 'voided' || !isFree(known) || !keeps(shape, 'what was given back is not placed again'))
    return false;
  return attempts.includes(attempt) || (state === 'expired' ? at < endedAt : at <= endedAt);
}

/**
 * The caller of this attempt was answered no. Where another attempt's caller relies on the operation, it stays; else what it
 * took goes back. A tombstone stays for the attempt, which may still run.
 */
function voidAttempt(shape: Shape, store: Store, settlement: Settlement): Answered {
  const known = store.operations[settlement.operation];
  if (!known || known.state === 'refunded' || isFree(known)) return bury(shape, store, settlement);
  const rest = known.attempts.filter((attempt) => attempt !== settlement.attempt);
  const isLast = rest.length === 0 && known.attempts.length > 0;
  if (!isLast && keeps(shape, 'a void touches no other attempt')) {
    const kept = remember(store, settlement.operation, { ...known, attempts: rest }).store;
    return bury(shape, kept, settlement);
  }
  const { operation, at } = settlement;
  const reversed = ended(shape, store, { operation, state: 'voided', counted: NOTHING, at });
  return { ...bury(shape, reversed, settlement), outcome: 'reversed' };
}

function bury(shape: Shape, store: Store, { operation, attempt, decidedAt }: Settlement): Answered {
  const known = store.operations[operation] ?? NEVER_SEEN;
  const voided = [...new Set([...known.voided, attempt])].sort();
  const until = Math.max(known.until, decidedAt + shape.rememberSettledFor);
  return remember(store, operation, { ...known, voided, until }, 'voided');
}

/** Whatever became of the reservation, in the end its counts are those of the commit. */
function settleCommit(shape: Shape, store: Store, settlement: Settlement): Answered {
  const { operation, attempt, ttl, at, decidedAt, wasHeld, amounts } = settlement;
  const known = store.operations[operation];
  const isOther = known !== null && known !== undefined && !known.attempts.includes(attempt);
  if (known && !(isOther && isFree(known))) {
    const joined = join(store, settlement, known.state);
    const { state } = known;
    const isOpen = state === 'held' || state === 'expired';
    const isAgain = state === 'committed' && !keeps(shape, 'a reservation ends once');
    return isOpen || isAgain ? commit(shape, joined.store, { operation, amounts }) : joined;
  }
  if (known?.voided.includes(attempt)) return { store, outcome: 'voided' };
  // It was held and is not over: it has ended since, and is forgotten.
  if (wasHeld && store.now < at + ttl) return { store, outcome: 'late' };
  const left = leftByExpiry(shape, settlement);
  const until = decidedAt + shape.rememberSettledFor;
  const taking = { ...settlement, verb: 'hold', remember: shape.rememberSettledFor, outcome: '' } as const;
  const record = { ...taken(shape, store, taking).record!, state: 'expired', counted: left, until } as const;
  return commit(shape, remember(store, operation, record).store, { operation, amounts });
}

/** What a store that remembers nothing of a reservation still counts of it. */
function leftByExpiry(shape: Shape, { wasHeld, onExpiry, parts }: Settlement): readonly Part[] {
  const isKept = keeps(shape, 'an unknown reservation was left by its expiry');
  return wasHeld && onExpiry === 'commit' && isKept ? spread(shape, parts, {}) : NOTHING;
}

/** What it holds goes back. Where the hold has not arrived yet, it never will. */
function settleRelease(shape: Shape, store: Store, settlement: Settlement): Answered {
  const { operation, attempt, decidedAt } = settlement;
  const known = store.operations[operation];
  const isOwn = known?.attempts.includes(attempt) || !keeps(shape, 'an ending ends its own reservation');
  if (!known) return releaseForgotten(shape, store, settlement);
  if (!isOwn) return bury(shape, store, settlement);
  // It was released before it expired, and the store heard of it after.
  const expiresAt = Math.max(known.expiresAt, settlement.at + settlement.ttl);
  const isInTime = decidedAt < expiresAt && keeps(shape, 'a release in time undoes what expiry counted');
  const isOpen = known.state === 'held' || (known.state === 'expired' && isInTime);
  if (!isOpen) return { store, outcome: known.state, record: known };
  const after = ended(shape, store, { operation, state: 'released', counted: NOTHING, at: store.now });
  return { store: after, outcome: 'released', record: after.operations[operation]! };
}

/** The store counts of it what its expiry has left, if it had been held; else it may arrive one day, and must not count. */
function releaseForgotten(shape: Shape, store: Store, settlement: Settlement): Answered {
  const isOver = store.now >= settlement.at + settlement.ttl;
  const left = isOver ? leftByExpiry(shape, settlement) : NOTHING;
  const counters = change(shape, store.counters, left, 'used', -1);
  const { store: after, record } = bury(shape, { ...store, counters }, settlement);
  return { store: after, outcome: left.length > 0 ? 'released' : 'voided', record };
}

/** Where the operation has not arrived yet, it never counts. */
function settleRefund(shape: Shape, store: Store, settlement: Settlement): Answered {
  const { operation, decidedAt } = settlement;
  const known = store.operations[operation];
  if (known?.state === 'held') {
    // A commit of it is on its way, from another node: it comes too late.
    const released = ended(shape, store, { operation, state: 'refunded', counted: NOTHING, at: decidedAt });
    return { store: released, outcome: 'refunded', record: released.operations[operation]! };
  }
  if (known && !isFree(known)) return refund(shape, store, settlement);
  const until = Math.max(known?.until ?? 0, decidedAt + shape.rememberSettledFor);
  return remember(store, operation, { ...NEVER_SEEN, ...known, state: 'refunded', until }, 'refunded');
}

const NEVER_SEEN: Remembered = {
  state: 'voided',
  isReservation: false,
  attempts: [],
  voided: [],
  held: NOTHING,
  counted: NOTHING,
  expiresAt: 0,
  onExpiry: 'release',
  isLate: false,
  endedAt: 0,
  until: 0,
};
