import { randomUUID } from 'node:crypto';
import type { Store } from '@sundial/engine';
import type { RedisStore } from '@sundial/redis';

/** A store with some of its verbs replaced: what a simpler design would do. */
export type Mutation = (
  store: RedisStore,
) => Partial<Pick<Store, 'take' | 'settle' | 'onDataLoss' | 'endHold' | 'refund' | 'packs' | 'overrides'>>;

/** An engine on it is a mutant: it does without what keeps the counters right. */
export function mutant(store: RedisStore, mutation: Mutation): Store {
  const replaced = mutation(store);
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(name in replaced ? replaced : target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

export const NEVER_SETTLES: Mutation = () => ({ settle: () => ({ outcome: 'counted' }) });

/** What was allowed meanwhile is added, whether or not the abandoned call had counted it. */
export const ADDS_AGAIN: Mutation = (store) => ({
  take: (request) => store.take({ ...request, deadlineAt: Number.MAX_SAFE_INTEGER }),
  settle: (request) =>
    store.settle({
      ...request,
      operation: { ...request.operation, id: randomUUID(), attempt: randomUUID() },
    }),
});

export const NEVER_VOIDS: Mutation = (store) => ({
  take: (request) => store.take({ ...request, deadlineAt: Number.MAX_SAFE_INTEGER }),
  settle: (request) => (request.intent === 'void' ? { outcome: 'voided' } : store.settle(request)),
});

export const NEVER_REPLAYS: Mutation = () => ({ onDataLoss: () => undefined });
