import { QuotaError } from '@sundial/contract';
import type { Answer } from '../stores/answer.js';
import type { PackPlace, PackStore, StoredPack } from '../stores/packs.js';
import type { Store } from '../stores/store.js';

/** Changes packs, and reads them. @throws QuotaError `store-unavailable` */
export interface PackRunner extends PackStore {
  /** For an answer that does without them where the store is late or away. */
  known(place: PackPlace): Answer<readonly StoredPack[] | undefined>;
}

/** Asks a store in this process. */
export class DirectPacks implements PackRunner {
  constructor(private readonly store: Pick<Store, 'packs'>) {}

  addPack(...args: Parameters<PackStore['addPack']>): ReturnType<PackStore['addPack']> {
    return packsOf(this.store).addPack(...args);
  }

  cancelPack(...args: Parameters<PackStore['cancelPack']>): ReturnType<PackStore['cancelPack']> {
    return packsOf(this.store).cancelPack(...args);
  }

  packsAt(place: PackPlace): ReturnType<PackStore['packsAt']> {
    return packsOf(this.store).packsAt(place);
  }

  async known(place: PackPlace): Promise<readonly StoredPack[] | undefined> {
    const result = await this.store.packs?.packsAt(place);
    return result?.outcome === 'found' ? result.packs : undefined;
  }
}

/** @throws QuotaError `store-unavailable` where it keeps none. */
export function packsOf({ packs }: Pick<Store, 'packs'>): PackStore {
  if (packs === undefined) throw new QuotaError('store-unavailable', 'This store keeps no packs.');
  return packs;
}
