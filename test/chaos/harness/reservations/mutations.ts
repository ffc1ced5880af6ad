import type { Amounts } from '@sundial/contract';
import {
  type CounterRef,
  type EndHoldRequest,
  type EndHoldResult,
  type LimitSpec,
  type StoredReservation,
  type TakeRequest,
  type TakeResult,
} from '@sundial/engine/ports';
import { randomUUID } from 'node:crypto';
import type { Mutation } from '../mutant-store.js';
import { committedOf } from './fate.js';

/** Longer than any history. */
const LATER_MS = 3_600_000;
const NO_DEADLINE = Number.MAX_SAFE_INTEGER;

/** What is committed is counted twice. */
export const COMMITS_TWICE: Mutation = (store) => ({
  endHold: async <L extends LimitSpec>(request: EndHoldRequest<L>): Promise<EndHoldResult<L>> => {
    const { ending } = request;
    if (ending.kind !== 'commit') return store.endHold(request);
    const found = await store.endHold({ ...request, ending: { kind: 'look' } });
    if (!('reservation' in found)) return found;
    const committed = committedOf(found.reservation.amounts, ending);
    const { units = 0, ...others } = mapped(committed, (amount) => 2 * amount);
    const twice = { kind: 'commit', amount: units, amounts: others } as const;
    return answeredWith(await store.endHold({ ...request, ending: twice }), { committed });
  },
});

/** What is released comes back to the window of now, and not to the one it was taken from. */
export const RELEASES_INTO_NOW: Mutation = (store) => {
  const counters = new Map<string, CounterRef>();
  return {
    take: <L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> => {
      for (const counter of request.counters) counters.set(counter.key, counter);
      return store.take(request);
    },
    endHold: async <L extends LimitSpec>(request: EndHoldRequest<L>): Promise<EndHoldResult<L>> => {
      if (request.ending.kind !== 'release') return store.endHold(request);
      const found = await store.endHold({ ...request, ending: { kind: 'look' } });
      if (!('reservation' in found) || found.reservation.state !== 'held') return store.endHold(request);
      const { units = 0, ...amounts } = found.reservation.amounts;
      const result = await store.endHold({ ...request, ending: { kind: 'commit' } });
      const now = request.counters.map(({ key }) => counters.get(key)!);
      await store.giveBack({
        counters: now.map((counter) => ({
          ...counter,
          limits: counter.limits.filter(({ field }) => field !== '(concurrent)'),
        })),
        operation: { id: randomUUID(), content: '1', attempt: randomUUID() },
        ...{ amount: units, amounts, deadlineAt: NO_DEADLINE },
      });
      return answeredWith(result, { state: 'released' });
    },
  };
};

/** What has expired is held all the same. */
export const NEVER_EXPIRES: Mutation = (store) => ({
  take: async <L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> => {
    const { hold } = request;
    if (hold === undefined) return store.take(request);
    const result = await store.take({ ...request, hold: { ...hold, ttlMs: hold.ttlMs + LATER_MS } });
    const reservation = 'reservation' in result ? result.reservation : undefined;
    if (reservation === undefined) return result;
    const expiresAt = reservation.expiresAt - LATER_MS;
    return { ...result, reservation: { ...reservation, expiresAt } } as TakeResult<L>;
  },
});

/** What is held takes no room: reserves find twice of everything. */
export const HOLDS_TOO_MUCH: Mutation = (store) => ({
  take: (request) => {
    if (request.hold === undefined) return store.take(request);
    const counters = request.counters.map((counter) => ({
      ...counter,
      limits: counter.limits.map((limit) => ({ ...limit, max: 2 * limit.max })),
    }));
    const { asEnforced: _, ...asked } = request;
    return store.take({ ...asked, counters });
  },
});

/** An ending that is repeated finds nothing. */
export const FORGETS_ENDINGS: Mutation = (store) => {
  const ended = new Set<string>();
  return {
    endHold: async <L extends LimitSpec>(request: EndHoldRequest<L>): Promise<EndHoldResult<L>> => {
      const { id } = request.operation;
      if (ended.has(id)) return { outcome: 'not-found' };
      const result = await store.endHold(request);
      if (result.outcome === 'ended') ended.add(id);
      return result;
    },
  };
};

/** What is refunded stays counted. */
export const NEVER_REFUNDS: Mutation = () => ({
  refund: () => ({ outcome: 'refunded', amounts: { units: 1 } }),
});

function answeredWith<L extends LimitSpec>(
  result: EndHoldResult<L>,
  said: Partial<StoredReservation>,
): EndHoldResult<L> {
  if (!('reservation' in result)) return result;
  return { ...result, reservation: { ...result.reservation, ...said } };
}

function mapped(amounts: Amounts, change: (units: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(amounts).map(([meter, units]) => [meter, change(units)]));
}
