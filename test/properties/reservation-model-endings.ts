import { change, hasRoom, isPack, NOTHING, spread, totals } from './reservation-model-counters.js';
import { committed, partsOf } from './reservation-model-packs.js';
import {
  isFree,
  keeps,
  type Answered,
  type Attempted,
  type Ending,
  type Extend,
  type Part,
  type Refund,
  type Remembered,
  type Shape,
  type State,
  type Store,
  type Units,
} from './reservation-model.js';

/** The first ending holds: it may be repeated, and the opposite one is an error. A commit may come after expiry. */
export function end(shape: Shape, store: Store, call: Ending): Answered {
  const known = store.operations[call.operation];
  if (!known || !isOf(shape, known, call)) return { store, outcome: 'not-found' };
  const isAgain = known.state === 'committed' && !keeps(shape, 'a reservation ends once');
  if (call.verb === 'commit') {
    if (known.state === 'held' || known.state === 'expired' || isAgain) return commit(shape, store, call);
    return { store, outcome: known.state === 'committed' ? 'committed' : 'ended', record: known };
  }
  if (known.state === 'held' || isAgain) {
    const { operation } = call;
    const after = ended(shape, store, { operation, state: 'released', counted: NOTHING, at: store.now });
    return { store: after, outcome: 'released', record: after.operations[operation]! };
  }
  return { store, outcome: isFree(known) ? known.state : 'ended', record: known };
}

/** Counts what was really used, also above the max, in the windows that the units were taken from. */
export function commit(
  shape: Shape,
  store: Store,
  { operation, amounts }: Pick<Ending, 'operation' | 'amounts'>,
) {
  const known = store.operations[operation]!;
  const isLate = known.state === 'expired';
  const counted = shape.limits.some(isPack)
    ? committed(shape, withoutIt(shape, store, known), known, amounts)
    : spread(shape, known.held, amounts);
  const after = ended(shape, store, { operation, state: 'committed', counted, at: store.now, isLate });
  return { store: after, outcome: 'committed', record: after.operations[operation]! };
}

/** Nothing of it is held or counted. */
function withoutIt(shape: Shape, store: Store, { state, held, counted }: Remembered): Store {
  const wasHeld = state === 'held' || state === 'committed';
  const counters = wasHeld ? change(shape, store.counters, held, 'reserved', -1) : store.counters;
  return { ...store, counters: change(shape, counters, counted, 'used', -1) };
}

interface Ended {
  readonly operation: number;
  readonly state: State;
  readonly counted: readonly Part[];
  readonly at: number;
  readonly isLate?: boolean;
}

/** Nothing of it is held any longer, and so much is counted instead of what was. */
export function ended(shape: Shape, store: Store, { operation, ...end }: Ended): Store {
  const known = store.operations[operation]!;
  const { state, counted, at, isLate = false } = end;
  const corrects = keeps(shape, 'a late commit corrects what expiry left') || !isLate;
  const before = withoutIt(shape, store, corrects ? known : { ...known, counted: NOTHING });
  const counters = change(shape, before.counters, counted, 'used', 1);
  const until = Math.max(known.until, at + shape.rememberFor);
  return remember({ ...store, counters }, operation, { ...known, state, counted, isLate, endedAt: at, until })
    .store;
}

/** Whether the attempt took this reservation, or was answered with it: the id may be another one's by now. */
function isOf(shape: Shape, known: Remembered, { attempt }: Attempted): boolean {
  const { isReservation, attempts, state } = known;
  if (!isReservation || state === 'voided' || state === 'refunded') return false;
  return attempts.includes(attempt) || !keeps(shape, 'an ending ends its own reservation');
}

/** Longer, never shorter; and more, where there is room for all that is new. */
export function extend(shape: Shape, store: Store, call: Extend): Answered {
  const known = store.operations[call.operation];
  if (!known || !isOf(shape, known, call)) return { store, outcome: 'not-found' };
  if (known.state !== 'held') return { store, outcome: 'ended', record: known };
  const held = totals(shape, known.held);
  const more = Object.entries(call.amounts).map(([meter, amount]) => [meter, amount - (held[meter] ?? 0)]);
  const parts = partsOf(shape, store, { verb: 'hold', amounts: Object.fromEntries(more) as Units });
  if (!parts.every((part) => hasRoom(shape, store.counters, part)))
    return { store, outcome: 'refused', record: known };
  const expiresAt = Math.max(known.expiresAt, store.now + call.ttl);
  const counters = change(shape, store.counters, parts, 'reserved', 1);
  const record = { ...known, held: [...known.held, ...parts], expiresAt };
  const until = Math.max(known.until, expiresAt + shape.rememberFor);
  return remember({ ...store, counters }, call.operation, { ...record, until }, 'taken');
}

/** Gives back what an operation has counted, once, while it is remembered. */
export function refund(shape: Shape, store: Store, { operation }: Pick<Refund, 'operation'>): Answered {
  const known = store.operations[operation];
  if (!known || isFree(known)) return { store, outcome: 'not-found' };
  if (known.state === 'held') return { store, outcome: 'held' };
  if (known.state === 'refunded' && keeps(shape, 'an operation is refunded once'))
    return { store, outcome: 'refunded', record: known };
  const counters = change(shape, store.counters, known.counted, 'used', -1);
  return remember({ ...store, counters }, operation, { ...known, state: 'refunded' }, 'refunded');
}

export function remember(store: Store, operation: number, record: Remembered, outcome = ''): Answered {
  const operations = store.operations.with(operation, record);
  return { store: { ...store, operations }, outcome, record };
}
