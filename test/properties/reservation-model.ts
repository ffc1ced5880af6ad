import { change, hasRoom, NOTHING, spread } from './reservation-model-counters.js';
import { end, ended, extend, refund, remember } from './reservation-model-endings.js';
import { partsOf } from './reservation-model-packs.js';

/**
 * What a store does with checks and reservations, as plain data and pure functions: the specification that the stores are
 * tested against. `reservation-model-world.ts` puts callers, nodes and a bad network around it, and
 * `reservation-model-history.ts` says whether what a real store did is one of the things that it may do.
 *
 * The model has one subject. Its limits are those of all rules; every limit has one counter, which is in one window at a
 * time, as in the stores: when a later window opens, what was counted in the one before is gone. Time is a number, in
 * whatever unit the shape has. Each rule that keeps the counts exact is a guard with a name, and a shape can do without one:
 * what then goes wrong is a test.
 */
export interface Shape {
  readonly limits: readonly ModelLimit[];
  /** The start of the limit's window at this instant. */
  windowAt(limit: ModelLimit, now: number): number;
  /** How long an operation is remembered after it was counted, or has ended. */
  readonly rememberFor: number;
  /** How long one is that was settled, from when it was decided. */
  readonly rememberSettledFor: number;
  readonly without?: Guard | undefined;
}

export interface ModelLimit {
  readonly meter: string;
  readonly max: number;
  /**
   * `concurrent`: of what live reservations hold, whenever they took it. `pack`: `max` units that stand in where the windows of its
   * meter have no room.
   */
  readonly window: string;
}

export const GUARDS = [
  'no more than there is room for',
  'what is held takes room',
  'all limits or none',
  'holds expire when they are looked at',
  'expiry comes before room is judged',
  'an operation counts once',
  'a voided attempt never runs',
  'no take after its deadline',
  'a void touches no other attempt',
  'units go back to the window they came from',
  'an ending ends its own reservation',
  'a reservation ends once',
  'what was given back is not placed again',
  'a late commit corrects what expiry left',
  'a release in time undoes what expiry counted',
  'an unknown reservation was left by its expiry',
  'an operation is refunded once',
  'a refunded operation never counts',
  'windows come before packs',
  'a pack gives what it has, and no more',
  'units go back to the pack they came from',
  'a commit charges windows first',
] as const;
export type Guard = (typeof GUARDS)[number];

export function keeps({ without }: Shape, guard: Guard): boolean {
  return without !== guard;
}

/** Units by meter; a meter that is absent has 0. */
export type Units = Readonly<Record<string, number>>;

/** Units of one limit, with the window that they were taken from. */
export interface Part {
  readonly limit: number;
  readonly window: number;
  readonly amount: number;
}

export interface Counter {
  readonly window: number;
  readonly used: number;
  readonly reserved: number;
}

export interface Store {
  readonly now: number;
  /** One a limit. */
  readonly counters: readonly Counter[];
  /** By number of the operation; null where none is remembered. */
  readonly operations: readonly (Remembered | null)[];
}

/** `voided`: it has tombstones and nothing else. */
export type State = 'counted' | 'held' | 'committed' | 'released' | 'expired' | 'refunded' | 'voided';

/** What a store remembers of an operation. */
export interface Remembered {
  readonly state: State;
  readonly isReservation: boolean;
  /** Attempts whose callers rely on it. */
  readonly attempts: readonly number[];
  /** Tombstones: attempts that must never run. */
  readonly voided: readonly number[];
  /** What a reservation took, also when that is held no longer. */
  readonly held: readonly Part[];
  /** What of it is counted as used. */
  readonly counted: readonly Part[];
  readonly expiresAt: number;
  readonly onExpiry: 'release' | 'commit';
  readonly isLate: boolean;
  readonly endedAt: number;
  /** Forgotten from then on. */
  readonly until: number;
}

/** A try of an operation. */
export interface Attempted {
  readonly operation: number;
  readonly attempt: number;
}

export interface Take extends Attempted {
  readonly verb: 'take';
  readonly amounts: Units;
  /** One that starts later writes nothing. */
  readonly deadline: number;
}

export interface Hold extends Attempted {
  readonly verb: 'hold';
  readonly amounts: Units;
  readonly deadline: number;
  readonly ttl: number;
  readonly onExpiry: Remembered['onExpiry'];
}

/** Ends the reservation that this attempt took. A meter that a commit does not name is committed as held. */
export interface Ending extends Attempted {
  readonly verb: 'commit' | 'release';
  readonly amounts: Units;
}

/** New totals; what is more than held is taken like a check's units, in the windows of now. */
export interface Extend extends Attempted {
  readonly verb: 'extend';
  readonly amounts: Units;
  readonly ttl: number;
}

export interface Refund {
  readonly verb: 'refund';
  readonly operation: number;
}

export type Call = Take | Hold | Ending | Extend | Refund | { readonly verb: 'read' };

export interface Answered {
  readonly store: Store;
  readonly outcome: string;
  /** The operation as it is remembered afterwards, where it is. */
  readonly record?: Remembered | undefined;
}

/** What the store makes of a call, now. */
export function apply(shape: Shape, before: Store, call: Call): Answered {
  const store = look(shape, before);
  switch (call.verb) {
    case 'take':
    case 'hold':
      return take(shape, keeps(shape, 'expiry comes before room is judged') ? store : before, call);
    case 'commit':
    case 'release':
      return end(shape, store, call);
    case 'extend':
      return extend(shape, store, call);
    case 'refund':
      return refund(shape, store, call);
    case 'read':
      return { store, outcome: 'read' };
    default:
      return call satisfies never;
  }
}

/** Every call first ends the holds that are due, each as of its instant; and what is too old is forgotten. */
export function look(shape: Shape, store: Store): Store {
  const { now } = store;
  let looked = store;
  for (const [operation, each] of store.operations.entries()) {
    if (
      each?.state === 'held' &&
      each.expiresAt <= now &&
      keeps(shape, 'holds expire when they are looked at')
    ) {
      const counted = each.onExpiry === 'commit' ? spread(shape, each.held, {}) : NOTHING;
      looked = ended(shape, looked, { operation, state: 'expired', counted, at: each.expiresAt });
    }
  }
  if (!looked.operations.some((each) => each !== null && each.until <= now)) return looked;
  return {
    ...looked,
    operations: looked.operations.map((each) => (each && each.until <= now ? null : each)),
  };
}

/** A check takes units, a reserve holds them: from every limit, or from none. */
function take(shape: Shape, store: Store, call: Take | Hold): Answered {
  if (store.now > call.deadline && keeps(shape, 'no take after its deadline'))
    return { store, outcome: 'expired' };
  const recalled = recall(shape, store, call);
  if (recalled) return recalled;
  const wanted = partsOf(shape, store, call);
  const fitting = wanted.filter((part) => hasRoom(shape, store.counters, part));
  const isRefused = fitting.length < wanted.length;
  if (isRefused && keeps(shape, 'all limits or none')) return { store, outcome: 'refused' };
  const outcome = isRefused ? 'refused' : 'taken';
  return taken(shape, store, {
    ...call,
    parts: fitting,
    at: store.now,
    remember: shape.rememberFor,
    outcome,
  });
}

/** What stands against taking it: that it was counted before, or that it must not be any more. */
function recall(shape: Shape, store: Store, call: Take | Hold): Answered | undefined {
  const known = store.operations[call.operation];
  if (!known) return undefined;
  if (isOver(known, call.attempt) && keeps(shape, 'a voided attempt never runs'))
    return { store, outcome: 'expired' };
  if (known.state === 'refunded')
    return keeps(shape, 'a refunded operation never counts')
      ? { store, outcome: 'refunded', record: known }
      : undefined;
  if (isFree(known) || !keeps(shape, 'an operation counts once')) return undefined;
  return known.isReservation === (call.verb === 'hold')
    ? join(store, call, 'replayed')
    : { store, outcome: 'conflict' };
}

export interface Taken extends Attempted {
  readonly verb: 'take' | 'hold';
  readonly parts: readonly Part[];
  readonly at: number;
  readonly ttl?: number;
  readonly onExpiry?: Remembered['onExpiry'];
  readonly remember: number;
  readonly outcome: string;
}

/** The units are in the counters, and the operation is remembered. */
export function taken(shape: Shape, store: Store, call: Taken): Answered {
  const { verb, operation, attempt, parts, at, ttl = 0, onExpiry = 'release', outcome } = call;
  const known = store.operations[operation];
  const isReservation = verb === 'hold';
  const record: Remembered = {
    state: isReservation ? 'held' : 'counted',
    isReservation,
    attempts: [attempt],
    voided: known?.voided ?? [],
    held: isReservation ? parts : NOTHING,
    counted: isReservation ? NOTHING : parts,
    expiresAt: isReservation ? at + ttl : 0,
    onExpiry,
    isLate: false,
    endedAt: 0,
    until: Math.max(known?.until ?? 0, at + ttl + call.remember),
  };
  const counters = change(shape, store.counters, parts, isReservation ? 'reserved' : 'used', 1);
  return remember({ ...store, counters }, operation, record, outcome);
}

/** What was given back frees its id, which then is as good as new. */
export function isFree({ state, onExpiry }: Remembered): boolean {
  return state === 'voided' || state === 'released' || (state === 'expired' && onExpiry === 'release');
}

/** Its caller was answered no, or has given back what it took: it must not run, or run again, when it arrives late. */
function isOver(known: Remembered, attempt: number): boolean {
  return known.voided.includes(attempt) || (isFree(known) && known.attempts.includes(attempt));
}

/** The caller of one more attempt relies on it. */
export function join(store: Store, { operation, attempt }: Attempted, outcome: string): Answered {
  const known = store.operations[operation]!;
  const attempts = [...new Set([...known.attempts, attempt])].sort();
  return remember(store, operation, { ...known, attempts }, outcome);
}
