import { isPack, partsNow, spread } from './reservation-model-counters.js';
import { unitsOf } from './reservation-model-packs.js';
import type { Settlement } from './reservation-model-settlements.js';
import type { Answered, Ending, Hold, Remembered, Shape, Take, Units } from './reservation-model.js';
import { post, STRANGER, informed, type Called, type Known, type World } from './reservation-model-world.js';

/** What the caller knows after the store's answer. */
export function hear(shape: Shape, world: World, call: Called, answered: Answered): World {
  switch (call.verb) {
    case 'take':
    case 'hold':
      return hearTake(shape, world, call, answered);
    case 'commit':
    case 'release':
      return hearEnding(shape, world, call, answered);
    case 'refund':
      return answered.outcome === 'refunded' ? informed(world, call.operation, { state: 'refunded' }) : world;
    default:
      return call satisfies never;
  }
}

function hearTake(shape: Shape, world: World, call: Take | Hold, answered: Answered): World {
  const { operation } = call;
  const { outcome, record } = answered;
  if (outcome !== 'taken' && outcome !== 'replayed') return world;
  const known = world.callers[operation]!;
  const isNew = isOpen(known, world.store.now) && (known.state !== 'held' || outcome === 'taken');
  if (isNew) {
    const at = world.store.now;
    return informed(world, operation, { ...allowed(known, call), ...knownFrom(record!), wasHeld: true, at });
  }
  return synced(
    shape,
    informed(world, operation, { wasHeld: true, ...heldUntil(known, record!) }),
    operation,
    answered,
  );
}

function hearEnding(shape: Shape, world: World, call: Ending, { outcome, record }: Answered): World {
  const { operation } = call;
  const known = world.callers[operation]!;
  if (call.attempt !== known.attempt) return world;
  switch (outcome) {
    case 'not-found':
      return known.wasHeld ? world : endsByItself(shape, world, { call, isUnsent: true });
    case 'ended':
      return world;
    case 'expired':
      // It says so: a commit may still come.
      return known.state === 'held' ? informed(world, operation, { ending: '' }) : world;
    default: {
      const done = { ...endedBy(shape, known, call, record!.isLate), ...splitBy(shape, record!) };
      return informed(world, operation, { ...done, isConfirmed: true, endedAt: world.store.now });
    }
  }
}

function isOpen({ state, expiresAt, onExpiry }: Known, now: number): boolean {
  const isOver = state === 'held' && onExpiry === 'release' && now >= expiresAt;
  return isOver || state === 'none' || state === 'released' || state === 'refunded';
}

/** What a node has said without the store, the store may know better. */
function heldUntil({ state }: Known, { expiresAt }: Remembered): Partial<Known> {
  return state === 'held' ? { expiresAt } : {};
}

function allowed({ asks, endings, refunds: refunded, isMarked }: Known, { attempt }: Take | Hold): Known {
  return { ...STRANGER, asks, endings, refunds: refunded, isMarked, attempt };
}

function knownFrom({ isReservation, held, counted, expiresAt, onExpiry }: Remembered): Partial<Known> {
  if (!isReservation) return { state: 'counted', parts: counted };
  return { state: 'held', parts: held, expiresAt, onExpiry };
}

function endedBy(shape: Shape, known: Known, { verb, amounts }: Ending, isLate: boolean): Partial<Known> {
  if (known.state !== 'held') return {};
  if (verb === 'release') return { state: 'released' };
  const counted = spread(shape, known.parts, amounts);
  const held = unitsOf(shape, known.parts);
  const isMore = Object.entries(amounts).some(([meter, units]) => units > (held[meter] ?? 0));
  return { state: 'committed', counted, isMarked: known.isMarked || isMore || isLate };
}

/** What packs gave of a commit, and what windows, is the store's to say: it says it in its answer. */
function splitBy(shape: Shape, { state, counted }: Remembered): Partial<Known> {
  return state === 'committed' && shape.limits.some(isPack) ? { counted } : {};
}

/** The windows that a settlement or a late call has found it in, or counted it in; and the packs. */
export function synced(shape: Shape, world: World, operation: number, { record }: Answered): World {
  const known = world.callers[operation]!;
  if (record && known.state === 'committed') return informed(world, operation, splitBy(shape, record));
  if (!record || (known.state !== 'counted' && known.state !== 'held')) return world;
  const isSame = record.state === known.state || (record.state === 'expired' && known.state === 'held');
  if (!isSame || !(record.attempts.includes(known.attempt) || !known.wasHeld)) return world;
  const parts = record.isReservation ? record.held : record.counted;
  return informed(world, operation, { parts, ...heldUntil(known, record) });
}

/** A call that the store has not answered. */
interface Undecided<C extends Called> {
  readonly call: C;
  readonly isUnsent: boolean;
}

/** What a node says that has no answer: of a check and a reserve yes or no, as the policy is; of an ending, that it is done. */
export function decides(
  shape: Shape,
  world: World,
  { call, isUnsent }: Undecided<Called>,
): [string, World][] {
  const { operation } = call;
  const known = world.callers[operation]!;
  switch (call.verb) {
    case 'take':
    case 'hold': {
      const { now } = world.store;
      const isHold = call.verb === 'hold';
      const parts = partsNow(shape, now, call);
      const [ttl, onExpiry] = isHold ? [call.ttl, call.onExpiry] : [0, 'release' as const];
      const decided = { ...call, parts, at: now, decidedAt: now, ttl, onExpiry, wasHeld: false, isUnsent };
      const yes: Partial<Known> = isOpen(known, now)
        ? {
            ...allowed(known, call),
            state: isHold ? 'held' : 'counted',
            parts,
            at: now,
            expiresAt: now + ttl,
            onExpiry,
          }
        : {};
      return [
        ['no', isUnsent ? world : enqueue(world, { ...decided, intent: 'void' })],
        [
          'yes',
          enqueue(informed(world, operation, { ...yes, isMarked: true }), {
            ...decided,
            intent: isHold ? 'hold' : 'count',
          }),
        ],
      ];
    }
    case 'commit':
    case 'release':
      return [
        [
          'it is done',
          call.attempt === known.attempt ? endsByItself(shape, world, { call, isUnsent }) : world,
        ],
      ];
    case 'refund': {
      const intent = 'refund' as const;
      const settlement = {
        ...settlementOf(known, { operation, amounts: {} }),
        attempt: -1,
        intent,
        decidedAt: world.store.now,
        isUnsent,
      };
      return [['it is done', enqueue(informed(world, operation, { state: 'refunded' }), settlement)]];
    }
    default:
      return call satisfies never;
  }
}

/** A node ends a reservation by what its id says. It knows how long that is remembered, and what expiry has made of it. */
function endsByItself(shape: Shape, world: World, { call, isUnsent }: Undecided<Ending>): World {
  const { operation, verb } = call;
  const known = world.callers[operation]!;
  const { now } = world.store;
  const isCommitted = known.state === 'held' && known.onExpiry === 'commit' && now >= known.expiresAt;
  if (now >= known.expiresAt + shape.rememberFor || (verb === 'release' && isCommitted)) return world;
  // A degraded answer is marked, as a late one is.
  const isOver = known.state === 'held' && now >= known.expiresAt;
  const change = isOver && verb === 'release' ? {} : endedBy(shape, known, call, true);
  const done = informed(world, operation, change);
  return enqueue(done, { ...settlementOf(known, call), intent: verb, decidedAt: now, isUnsent });
}

function settlementOf(
  { attempt, parts, at, expiresAt, onExpiry, wasHeld }: Known,
  { operation, amounts }: { readonly operation: number; readonly amounts: Units },
): Omit<Settlement, 'intent' | 'decidedAt' | 'isUnsent'> {
  return { operation, attempt, parts, amounts, at, ttl: Math.max(0, expiresAt - at), onExpiry, wasHeld };
}

function enqueue(world: World, settling: Settlement): World {
  const { operation, attempt, intent, parts, amounts, at, decidedAt, ttl, onExpiry, wasHeld, isUnsent } =
    settling;
  const settlement = {
    operation,
    attempt,
    intent,
    parts,
    amounts,
    at,
    decidedAt,
    ttl,
    onExpiry,
    wasHeld,
    isUnsent,
  };
  return post(world, { state: 'pending', settlement });
}
