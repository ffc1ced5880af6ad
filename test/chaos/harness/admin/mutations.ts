import type { Store } from '@sundial/engine';
import { encodeContent, type LimitSpec, type TakeRequest, type TakeResult } from '@sundial/engine/ports';
import { randomUUID } from 'node:crypto';
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

/** What packs give, they lose twice. */
export const TAKES_TWICE: Mutation = (store) => ({
  take: async <L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> => {
    const result = await store.take(request);
    if (result.outcome === 'taken') await takeFromPacks(store, request, result);
    return result;
  },
});

/** An operation that is repeated takes from packs again. */
export const TAKES_AGAIN: Mutation = (store) => ({
  take: async <L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> => {
    const result = await store.take(request);
    if (result.outcome === 'replayed') await takeFromPacks(store, request, result);
    return result;
  },
});

/** As much as packs gave once more, as an operation that has no room in windows. */
async function takeFromPacks<L extends LimitSpec>(
  store: Pick<Store, 'take'>,
  { hold: _, asEnforced: __, ...request }: TakeRequest<L>,
  { packs, reservation }: Extract<TakeResult<L>, { readonly outcome: 'taken' | 'replayed' }>,
): Promise<void> {
  const given = packs ?? reservation?.packs ?? [];
  if (given.length === 0) return;
  const amounts = Object.fromEntries(given.map(({ meter, taken }) => [meter, taken]));
  const { units: amount = 0, ...others } = amounts;
  const full = request.counters
    .filter(({ key }) => key.includes('-per-user'))
    .map((counter) => ({
      ...counter,
      limits: counter.limits
        .filter(({ field }) => field !== '(concurrent)')
        .map((limit) => ({ ...limit, max: 0 })),
    }));
  const operation = {
    id: randomUUID(),
    content: encodeContent({ amount, amounts: others }),
    attempt: randomUUID(),
  };
  await store.take({ ...request, counters: full, amount, amounts: others, operation });
}

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
