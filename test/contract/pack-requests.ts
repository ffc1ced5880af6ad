import type { Store } from '@sundial/engine';
import {
  packsKeyOf,
  type CounterRef,
  type NewPack,
  type OperationRefund,
  type StoredPack,
  type TakeRequest,
} from '@sundial/engine/ports';
import { MAX_AMOUNT } from './store-requests.js';

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

/** The refund of what this request took. */
export function refunding({
  operation: { id },
  counters,
}: Pick<TakeRequest, 'operation' | 'counters'>): OperationRefund {
  return { operation: { id }, counters, deadlineAt: MAX_AMOUNT };
}
