import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import type { Store } from '@sundial/engine';
import type { StoreUnderTest } from './store-under-test.js';
import { holdEndingsContract } from './store-hold-endings.contract.js';
import { holdsContract } from './store-holds.contract.js';
import { holdAttemptsContract } from './store-holds-attempts.contract.js';
import { holdShardsContract } from './store-holds-shards.contract.js';
import { settleHoldsContract } from './store-holds-settle.contract.js';
import { settleLateHoldsContract } from './store-holds-settle-late.contract.js';
import { holdWindowsContract } from './store-holds-windows.contract.js';
import { reversalsContract } from './store-reversals.contract.js';
import { settleTogetherContract } from './store-settle-together.contract.js';
import { overridesContract } from './store-overrides.contract.js';
import { packExtensionsContract } from './store-pack-extensions.contract.js';
import { packHoldsContract } from './store-pack-holds.contract.js';
import { packsContract } from './store-packs.contract.js';
import { metersContract } from './store-meters.contract.js';
import { scanContract } from './store-scan.contract.js';
import { settleContract } from './store-settle.contract.js';
import { shardsContract } from './store-shards.contract.js';
import { takeContract } from './store-take.contract.js';
import { windowsContract } from './store-windows.contract.js';
import { NOON } from './store-requests.js';

/** What a chapter of the contract works with. */
export interface StoreScene {
  /** The store under test, empty at the beginning of each test. */
  readonly underTest: StoreUnderTest;
  /** The store at `NOON`, until the test opens it with another clock. */
  readonly store: Store;
}

/** What every store does. One suite, run on each implementation. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let underTest: StoreUnderTest;
    let store: Store;
    beforeAll(async () => {
      underTest = await open();
    }, 30_000);
    beforeEach(async () => {
      await underTest.empty();
      store = await underTest.at(NOON);
    });
    afterAll(() => underTest.close());

    const scene = (): StoreScene => ({ underTest, store });
    takeContract(scene);
    metersContract(scene);
    overridesContract(scene);
    windowsContract(scene);
    settleContract(scene);
    settleTogetherContract(scene);
    shardsContract(scene);
    holdsContract(scene);
    holdEndingsContract(scene);
    holdWindowsContract(scene);
    holdAttemptsContract(scene);
    holdShardsContract(scene);
    settleHoldsContract(scene);
    settleLateHoldsContract(scene);
    reversalsContract(scene);
    scanContract(scene);
    packsContract(scene);
    packHoldsContract(scene);
    packExtensionsContract(scene);
  });
}
