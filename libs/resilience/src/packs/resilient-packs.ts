import { QuotaError } from '@sundial/contract';
import {
  packsOf,
  type Answer,
  type PackPlace,
  type PackRunner,
  type PackStore,
  type StoredPack,
} from '@sundial/engine/ports';
import type { Store } from '@sundial/engine';

/** How long an operator waits for a change of packs, and an answer for what it shows of them. */
const CHANGE_WITHIN_MS = 2_000;

/** Packs of a store that can be slow, frozen or gone: what can't be changed in time may have been, and may be repeated. */
export class ResilientPacks implements PackRunner {
  constructor(
    private readonly store: Pick<Store, 'packs'>,
    private readonly lookWithinMs: number,
  ) {}

  addPack(...args: Parameters<PackStore['addPack']>): ReturnType<PackStore['addPack']> {
    return answered(() => packsOf(this.store).addPack(...args), CHANGE_WITHIN_MS);
  }

  cancelPack(...args: Parameters<PackStore['cancelPack']>): ReturnType<PackStore['cancelPack']> {
    return answered(() => packsOf(this.store).cancelPack(...args), CHANGE_WITHIN_MS);
  }

  packsAt(place: PackPlace): ReturnType<PackStore['packsAt']> {
    return answered(() => packsOf(this.store).packsAt(place), CHANGE_WITHIN_MS);
  }

  async known(place: PackPlace): Promise<readonly StoredPack[] | undefined> {
    const result = await answered(() => packsOf(this.store).packsAt(place), this.lookWithinMs).catch(
      () => undefined,
    );
    return result?.outcome === 'found' ? result.packs : undefined;
  }
}

/** @throws QuotaError `store-unavailable` */
async function answered<T>(call: () => Answer<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([Promise.resolve().then(call), late]);
  } catch (error) {
    const detail = `The store did not do it: ${(error as Error).message}. It may have been done: repeat it with the same operationId or id.`;
    throw new QuotaError('store-unavailable', detail);
  } finally {
    clearTimeout(timer);
  }
}
