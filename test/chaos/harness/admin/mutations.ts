import type { LimitSpec, TakeRequest, TakeResult } from '@sundial/engine/ports';
import type { Mutation } from '../mutant-store.js';

/** A check that takes from packs does not say so. */
export const HIDES_PACKS: Mutation = (store) => ({
  take: async <L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> => {
    const result = await store.take(request);
    if (!('packs' in result)) return result;
    const { packs: _, ...without } = result;
    return without as TakeResult<L>;
  },
});

/** A pack has twice what was bought. */
export const DOUBLES_PACKS: Mutation = ({ packs }) => ({
  packs: {
    addPack: (place, pack) => packs.addPack(place, { ...pack, amount: 2 * pack.amount }),
    cancelPack: (place, id) => packs.cancelPack(place, id),
    packsAt: (place) => packs.packsAt(place),
  },
});

/** What was cancelled is used all the same. */
export const NEVER_CANCELS: Mutation = ({ packs }) => ({
  packs: {
    addPack: (place, pack) => packs.addPack(place, pack),
    cancelPack: async (place) => {
      const found = await packs.packsAt(place);
      return found.outcome === 'found' ? { outcome: 'cancelled', packs: found.packs } : found;
    },
    packsAt: (place) => packs.packsAt(place),
  },
});

/** An override is in force some time after it was answered. */
export const OVERRIDES_LATE: Mutation = ({ overrides }) => ({
  overrides: {
    write: (rule, writes) => {
      setTimeout(() => void overrides.write(rule, writes).catch(() => undefined), LATE_MS);
      return Promise.resolve(writes.map(() => undefined));
    },
    list: (rule, part) => overrides.list(rule, part),
  },
});
const LATE_MS = 400;

/** Each zone that a check names has windows of its own. */
export const A_WINDOW_A_ZONE: Mutation = (store) => ({
  take: <L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> => {
    const counters = request.counters.map((counter) => {
      const isOwn = counter.key.includes('moving');
      const { key, limits, shardGroup } = counter;
      return isOwn ? { key: `${key}-${limits[0]!.bounds[0]}`, limits, shardGroup } : counter;
    });
    return store.take({ ...request, counters });
  },
});
