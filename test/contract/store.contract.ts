import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import type { Store } from '@sundial/engine';
import type { Books } from './books.js';
import { settleTogetherContract } from './store-settle-together.contract.js';
import { settleContract } from './store-settle.contract.js';
import { shardsContract } from './store-shards.contract.js';
import { takeContract } from './store-take.contract.js';
import { windowsContract } from './store-windows.contract.js';
import { NOON } from './store-requests.js';

/** What a chapter of the contract works with. */
export interface StoreScene {
  /** The store under test, empty at the beginning of each test. */
  readonly books: Books;
  /** The store at `NOON`, until the test opens it with another clock. */
  readonly store: Store;
}

/** What every store does. One suite, run on each implementation. */
export function storeContract(name: string, open: () => Promise<Books>): void {
  describe(name, () => {
    let books: Books;
    let store: Store;
    beforeAll(async () => {
      books = await open();
    }, 30_000);
    beforeEach(async () => {
      await books.empty();
      store = await books.at(NOON);
    });
    afterAll(() => books.close());

    const scene = (): StoreScene => ({ books, store });
    takeContract(scene);
    windowsContract(scene);
    settleContract(scene);
    settleTogetherContract(scene);
    shardsContract(scene);
  });
}
