import type { Store } from '@sundial/engine';
import { packsKeyOf, type CounterRef, type NewPack, type StoredPack } from '@sundial/engine/ports';

export function pack(id: string, options: Partial<NewPack> & Pick<NewPack, 'amount'>): NewPack {
  return { id, meter: 'units', priority: 100, expiresAt: Infinity, content: `${options.amount}`, ...options };
}

export function placeOf({ key, shardGroup }: CounterRef) {
  return { key: packsKeyOf(key)!, shardGroup };
}

export async function add(store: Store, beside: CounterRef, added: NewPack) {
  return store.packs!.addPack(placeOf(beside), added);
}

/** What is left of each pack, by its id. */
export async function leftOf(store: Store, beside: CounterRef): Promise<Record<string, number>> {
  const result = await store.packs!.packsAt(placeOf(beside));
  const packs: readonly StoredPack[] = 'packs' in result ? result.packs : [];
  return Object.fromEntries(packs.map(({ id, left }) => [id, left]));
}
