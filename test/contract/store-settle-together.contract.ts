import { describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import type { StoreScene } from './store.contract.js';
import {
  counter,
  DAY_MS,
  daily,
  HOUR_MS,
  hourly,
  MINUTE_MS,
  NOON,
  operation,
  settledIn,
  settling,
  taking,
  used,
} from './store-requests.js';

export function settleTogetherContract(scene: () => StoreScene): void {
  const both = counter([daily(10), hourly(3)]);
  const second = counter([daily(5)], { name: 'second' });
  const nextHour = NOON + HOUR_MS;
  const bothLater = counter([daily(10, { at: nextHour }), hourly(3, { at: nextHour })]);

  describe('settlements that are asked at once', () => {
    it('are settled each on its own and in order, with what the ones before them have done', async () => {
      const { store } = scene();
      const [refused, allowed] = [0, 1].map(() => taking([both], { operation: operation('o1') }));
      const above = taking([both, second], { amount: 3 });
      const settlements = [
        settling('count', allowed!),
        settling('void', refused!),
        settling('count', allowed!),
        settling('count', above),
        settling('void', allowed!),
        settling('count', taking([both], { operation: operation('o1', '2') })),
      ];
      expect(await Promise.all(settlements.map((settlement) => store.settle(settlement)))).toEqual([
        { outcome: 'counted' },
        { outcome: 'voided' },
        { outcome: 'already-counted' },
        { outcome: 'counted', forced: [{ limit: settledIn('current', both.limits[1]), used: 4 }] },
        { outcome: 'reversed' },
        { outcome: 'counted', forced: [{ limit: settledIn('current', both.limits[1]), used: 4 }] },
      ]);
      expect(await store.read({ counters: [both, second] })).toMatchObject({ counts: used(4, 4, 3) });
    });

    it('count each in the windows it was decided in: those of now, those before, those that are over', async () => {
      const { underTest, store } = scene();
      await store.take(taking([both]));
      const later = await underTest.at(nextHour);
      const settlements = [
        settling('count', taking([bothLater])),
        settling('count', taking([both], { amount: 2 })),
        settling('count', taking([counter([hourly(3)], { name: 'over' })])),
        settling('count', taking([bothLater], { amount: 4 })),
        settling('count', taking([both]), { h: 'next' }),
      ];
      expect(await Promise.all(settlements.map((settlement) => later.settle(settlement)))).toEqual([
        { outcome: 'counted' },
        { outcome: 'counted' },
        { outcome: 'late' },
        { outcome: 'counted', forced: [{ limit: settledIn('current', bothLater.limits[1]), used: 5 }] },
        { outcome: 'counted', forced: [{ limit: settledIn('next', both.limits[1]), used: 6 }] },
      ]);
      expect(await later.read({ counters: [bothLater] })).toMatchObject({ counts: used(9, 6) });
    });

    it('are remembered each, also hundreds of them and under neighbouring ids', async () => {
      const { store } = scene();
      const plenty = counter([daily(1_000), hourly(1_000)]);
      const takes = Array.from({ length: 300 }, (_, n) =>
        taking([plenty], { operation: operation(`o${n}`) }),
      );
      const settleAll = () => Promise.all(takes.map((take) => store.settle(settling('count', take))));
      expect(new Set((await settleAll()).map(({ outcome }) => outcome))).toEqual(new Set(['counted']));
      expect(new Set((await settleAll()).map(({ outcome }) => outcome))).toEqual(
        new Set(['already-counted']),
      );
      expect(await store.read({ counters: [plenty] })).toMatchObject({ counts: used(300, 300) });
    });

    it('are remembered each until its own end, a day from when it was decided', async () => {
      const { underTest, store } = scene();
      const ids = ['o1', 'o2', 'p'];
      const takes = ids.map((id) => taking([both], { operation: operation(id) }));
      const decidedAt = [NOON - DAY_MS + HOUR_MS, NOON, NOON - DAY_MS + HOUR_MS];
      const settleAll = (on: Store) =>
        Promise.all(
          takes.map((take, n) => on.settle({ ...settling('count', take), decidedAt: decidedAt[n]! })),
        );
      expect((await settleAll(store)).map(({ outcome }) => outcome)).toEqual(Array(3).fill('counted'));
      const later = await underTest.at(NOON + HOUR_MS - MINUTE_MS);
      expect((await settleAll(later)).map(({ outcome }) => outcome)).toEqual(
        Array(3).fill('already-counted'),
      );
      const after = await underTest.at(NOON + HOUR_MS);
      const outcomes = (await settleAll(after)).map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['counted', 'already-counted', 'counted']);
    });
  });
}
