import { apply, type Shape } from './reservation-model.js';
import {
  post,
  informed,
  type Called,
  type Known,
  type Plan,
  type Step,
  type World,
} from './reservation-model-world.js';

/** What callers may do next. */
export function callersSteps(shape: Shape, world: World, plans: readonly Plan[]): Step[] {
  return plans.flatMap((plan, operation) => {
    const asked = { shape, world, operation, plan, known: world.callers[operation]! };
    return [...asks(asked), ...ends(asked), ...extendsIt(asked), ...refunds(asked)];
  });
}

interface Asked {
  readonly shape: Shape;
  readonly world: World;
  readonly operation: number;
  readonly plan: Plan;
  readonly known: Known;
}

function asks({ shape, world, operation, plan, known }: Asked): Step[] {
  const { now } = world.store;
  if (known.asks >= plan.attempts || !mayAsk(shape, known, now)) return [];
  if (isAwaiting(world, operation, (call) => call.verb !== plan.verb)) return [];
  const { verb, amounts, ttl = 0, onExpiry = 'release' } = plan;
  const asking = { operation, attempt: 10 * operation + known.asks, amounts, deadline: now };
  const call =
    verb === 'take' ? ({ verb, ...asking } as const) : ({ verb, ...asking, ttl, onExpiry } as const);
  return [sent(world, call, { asks: known.asks + 1 })];
}

/** The id is used again while the store remembers it, or when it has confirmed that it is free. */
function mayAsk(
  { rememberFor }: Shape,
  { state, ending, isConfirmed, isContrary, at, expiresAt, endedAt }: Known,
  now: number,
): boolean {
  switch (state) {
    case 'none':
      return true;
    case 'counted':
    case 'held':
      return ending === '' && now < Math.max(at, expiresAt) + rememberFor;
    case 'released':
      return isConfirmed && !isContrary && now > endedAt;
    case 'committed':
    case 'refunded':
      return false;
    default:
      return state satisfies never;
  }
}

function ends({ world, operation, plan, known }: Asked): Step[] {
  const { state, attempt, endings, ending, isConfirmed } = known;
  const isReserved = state === 'held' || state === 'committed' || state === 'released';
  if (!isReserved || endings >= (plan.endings ?? 0)) return [];
  if (isAwaiting(world, operation, (call) => call.verb === plan.verb) || mayArrive(world, operation))
    return [];
  const commits = (plan.commits ?? []).map((amounts) => ({ verb: 'commit', amounts }) as const);
  const all = plan.releases ? [...commits, { verb: 'release', amounts: {} } as const] : commits;
  return all
    .filter((each) => ending === '' || isConfirmed || ending === JSON.stringify(each))
    .map((each) => {
      const text = JSON.stringify(each);
      const isContrary = known.isContrary || (ending !== '' && text !== ending);
      return sent(
        world,
        { ...each, operation, attempt },
        { endings: endings + 1, ending: ending || text, isContrary },
      );
    });
}

/** An attempt was given up so lately that it would still run. */
function mayArrive({ messages, store }: World, operation: number): boolean {
  return messages.some(
    (each) =>
      each.state === 'given up' &&
      'deadline' in each.call &&
      each.call.operation === operation &&
      each.call.deadline >= store.now,
  );
}

/** A caller knows how it stands before it goes on; only what it has sent already it may send again. */
function isAwaiting({ messages }: World, operation: number, isMeant = (_call: Called) => true): boolean {
  return messages.some(
    (each) => each.state === 'awaited' && each.call.operation === operation && isMeant(each.call),
  );
}

/** At once: what becomes of an extension without the store is no part of this world. */
function extendsIt({ shape, world, operation, plan, known }: Asked): Step[] {
  const { state, expiresAt, attempt, isExtended, wasHeld, ending } = known;
  if (!plan.extendsTo || state !== 'held' || isExtended || !wasHeld || ending !== '') return [];
  const { store, outcome, record } = apply(shape, world.store, {
    verb: 'extend',
    operation,
    attempt,
    ...plan.extendsTo,
  });
  const longer = outcome === 'taken' ? { parts: record!.held, expiresAt: record!.expiresAt } : {};
  if (world.store.now >= expiresAt && outcome !== 'ended')
    throw new Error(`It was extended after its end: ${outcome}`);
  return [
    {
      label: `${operation} is extended`,
      world: informed({ ...world, store }, operation, { isExtended: true, ...longer }),
    },
  ];
}

function refunds({ world, operation, plan, known }: Asked): Step[] {
  const { state, expiresAt, onExpiry, ending } = known;
  const isCommitted =
    state === 'held' && onExpiry === 'commit' && ending === '' && world.store.now >= expiresAt;
  const mayRefund =
    !isAwaiting(world, operation) &&
    (isCommitted || state === 'counted' || state === 'committed' || state === 'refunded');
  if (!mayRefund || known.refunds >= (plan.refunds ?? 0)) return [];
  return [sent(world, { verb: 'refund', operation }, { refunds: known.refunds + 1 })];
}

function sent(world: World, call: Called, change: Partial<Known>): Step {
  const asked = informed(world, call.operation, change);
  return { label: `${call.operation}: ${call.verb} is sent`, world: post(asked, { state: 'awaited', call }) };
}
