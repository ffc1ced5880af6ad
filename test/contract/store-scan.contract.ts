import { describe, expect, it } from '@jest/globals';
import type { ScannedKeys } from '@sundial/engine/ports';
import { reserving } from './hold-requests.js';
import { counter, daily, GROUPS, taking } from './store-requests.js';
import type { StoreScene } from './store.contract.js';

/** What operators look for among all counters. */
export function scanContract(scene: () => StoreScene): void {
  describe('scan', () => {
    const limits = [daily(1_000)];
    const refs = Array.from({ length: 40 }, (_, n) =>
      counter(limits, { name: `scanned-${n}`, group: GROUPS[n % GROUPS.length]! }),
    );
    const prefixOf = ({ key }: { readonly key: string }) => key.slice(0, key.indexOf('{') + 1);
    const infix = ':scanned-';

    async function pages(wanted: number): Promise<{ keys: string[]; count: number }> {
      const { store } = scene();
      const keys: string[] = [];
      let count = 0;
      for (
        let page: ScannedKeys | undefined = { keys: [], cursor: '' };
        page?.cursor !== undefined;
        count++
      ) {
        const cursor: string | undefined = page.cursor === '' ? undefined : page.cursor;
        page = await store.scan({ prefix: prefixOf(refs[0]!), infix, cursor, wanted });
        expect(page).toBeDefined();
        keys.push(...page!.keys);
      }
      return { keys, count };
    }

    it('meets every counter, a page at a time, and nothing that lies beside them', async () => {
      const { store } = scene();
      for (const ref of refs) await store.take(taking([ref]));
      await store.take(reserving([refs[0]!]));
      for (const wanted of [1_000, 3]) {
        const { keys, count } = await pages(wanted);
        expect([...new Set(keys)].sort()).toEqual(refs.map(({ key }) => key).sort());
        if (wanted === 1_000) expect(count).toBeLessThan(5);
      }
    });

    it('knows no cursor that it did not give', async () => {
      const { store } = scene();
      expect(await store.scan({ prefix: 'a', infix: 'b', cursor: 'x y z', wanted: 1 })).toBeUndefined();
    });

    it('meets nothing where nothing is', async () => {
      expect(await scene().store.scan({ prefix: 'none', infix: 'none', wanted: 9 })).toEqual({ keys: [] });
    });
  });

  describe('live holds', () => {
    const day = daily(1_000);
    const ref = counter([day]);
    it('are those that expire later, the first ones first', async () => {
      const { store } = scene();
      expect(await store.liveHolds(ref.key)).toEqual([]);
      for (const [ttlMs, amount, onExpiry] of [
        [90_000, 3, 'commit'],
        [60_000, 2, 'release'],
      ] as const)
        await store.take(reserving([ref], { ttlMs, amount, onExpiry }));
      expect(await store.liveHolds(ref.key)).toMatchObject([
        { onExpiry: 'release', units: { [day.field]: 2 } },
        { onExpiry: 'commit', units: { [day.field]: 3 } },
      ]);
    });
  });
}
