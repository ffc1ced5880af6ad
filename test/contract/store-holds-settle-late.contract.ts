import { describe, expect, it } from '@jest/globals';
import { REMEMBER_MS, type Store } from '@sundial/engine/ports';
import { ending, held, reserved, reserving, settled, settlingHold, unitsOf } from './hold-requests.js';
import type { StoreScene } from './store.contract.js';
import { concurrent } from './store-holds-windows.contract.js';
import { counter, daily, HOUR_MS, hourly, MINUTE_MS, NOON, taking } from './store-requests.js';

export function settleLateHoldsContract(scene: () => StoreScene): void {
  const both = counter([daily(10), hourly(9)]);
  const onDay = counter([daily(10)], { name: 'day' });
  const atOnce = counter([concurrent(5)], { name: 'at-once' });
  const counts = (store: Store) => unitsOf(store, both);

  describe('settling what became of a reservation while the store heard nothing of it', () => {
    it('leaves what an expiry had committed, where it was released after', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { amount: 3, onExpiry: 'commit' });
      const { at, expiresAt } = await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      const release = settlingHold('release', request, {
        takenAt: at,
        decidedAt: expiresAt,
        isDegraded: false,
      });
      expect(await settled(later, release)).toEqual(['conflict']);
      expect(await counts(later)).toEqual([
        [3, 0],
        [3, 0],
      ]);
      expect(await settled(later, { ...release, decidedAt: expiresAt - 1 })).toEqual(['reversed']);
      expect(await later.endHold(ending(request, { kind: 'look' }))).toMatchObject({
        reservation: { state: 'released' },
      });
      expect(await counts(later)).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it('takes back what the expiry of a reservation committed that is no longer remembered', async () => {
      const { underTest, store } = scene();
      const request = reserving([onDay], { amount: 3, onExpiry: 'commit' });
      const { at } = await reserved(store, request);
      const later = await underTest.at(NOON + HOUR_MS);
      expect(await later.endHold(ending(request, { kind: 'look' }))).toEqual({ outcome: 'not-found' });
      expect(await later.read({ counters: [onDay] })).toMatchObject({ counts: held([3, 0]) });
      const release = settlingHold('release', request, { takenAt: at, isDegraded: false });
      expect(await settled(later, release, release)).toEqual(['reversed', 'voided']);
      expect(await later.read({ counters: [onDay] })).toMatchObject({ counts: held([0, 0]) });
    });

    it.each([
      ['release', [0, 0]],
      ['commit', [2, 0]],
      ['hold', [0, 3]],
    ] as const)('counts exactly what a store has lost since: %s', async (intent, left) => {
      const { underTest } = scene();
      const later = await underTest.at(NOON + 30_000);
      const request = reserving([onDay], { amount: 3, onExpiry: 'commit', ttlMs: HOUR_MS });
      const lost = { isDegraded: false, isLost: true, committed: { units: 2 } };
      await settled(later, settlingHold(intent, request, lost), settlingHold('hold', request, lost));
      expect(await later.read({ counters: [onDay] })).toMatchObject({ counts: held(left) });
      await underTest.empty();
      const over = await underTest.at(NOON + 2 * HOUR_MS);
      await settled(over, settlingHold(intent, request, lost), settlingHold('hold', request, lost));
      const used = intent === 'hold' ? 3 : left[0];
      expect(await over.read({ counters: [onDay] })).toMatchObject({ counts: held([used, 0]) });
    });

    it.each(['release', 'commit'] as const)(
      'counts what is committed late of one that a store has lost, whatever its expiry would do: %s',
      async (onExpiry) => {
        const { underTest } = scene();
        const request = reserving([onDay], { amount: 3, onExpiry });
        const hold = settlingHold('hold', request, { isDegraded: false, isLost: true });
        const late = { isDegraded: false, decidedAt: NOON + 2 * MINUTE_MS, committed: { units: 2 } };
        const commit = settlingHold('commit', request, late);
        for (const order of [
          [hold, commit],
          [commit, hold],
        ]) {
          await underTest.empty();
          const later = await underTest.at(NOON + 3 * MINUTE_MS);
          await settled(later, ...order);
          expect(await later.read({ counters: [onDay] })).toMatchObject({ counts: held([2, 0]) });
        }
        await underTest.empty();
        const again = await underTest.at(NOON + 3 * MINUTE_MS);
        await settled(again, hold);
        await again.endHold(ending(request, { kind: 'commit' }));
        expect(await again.read({ counters: [onDay] })).toMatchObject({ counts: held([3, 0]) });
      },
    );

    it('takes nothing from others where it is released that a store has lost', async () => {
      const { underTest } = scene();
      const later = await underTest.at(NOON + 3 * MINUTE_MS);
      await later.take(taking([onDay], { amount: 5 }));
      const request = reserving([onDay], { amount: 3, onExpiry: 'commit' });
      await settled(later, settlingHold('release', request, { isDegraded: false, decidedAt: NOON + 30_000 }));
      expect(await later.read({ counters: [onDay] })).toMatchObject({ counts: held([5, 0]) });
    });

    it('holds as much as it was extended to, above the max too, and once', async () => {
      const { underTest } = scene();
      const request = reserving([both], { amount: 3 });
      const extension = { extended: { units: 8 }, takenAt: NOON };
      const whole = { ...request, amount: 8 };
      for (const first of ['hold', 'extension']) {
        await underTest.empty();
        const fresh = await underTest.at(NOON);
        await fresh.take(taking([both], { amount: 4 }));
        const [hold, extended] = [settlingHold('hold', request), settlingHold('hold', whole, extension)];
        await settled(fresh, ...(first === 'hold' ? [hold, extended] : [extended, hold]), extended);
        expect(await counts(fresh)).toEqual([
          [4, 8],
          [4, 8],
        ]);
        const result = await fresh.endHold(ending(request, { kind: 'commit' }));
        expect(result).toMatchObject({ reservation: { amounts: { units: 8 }, committed: { units: 8 } } });
        expect(await counts(fresh)).toEqual([
          [12, 0],
          [12, 0],
        ]);
      }
    });

    it.each(['release', 'commit'] as const)(
      'holds again what had expired before the store heard that it was extended in time: %s',
      async (onExpiry) => {
        const { underTest, store } = scene();
        const request = reserving([both, atOnce], { amount: 2, onExpiry });
        const { at, expiresAt } = await reserved(store, request);
        const later = await underTest.at(NOON + 2 * MINUTE_MS);
        expect(await later.read({ counters: [atOnce] })).toMatchObject({ counts: held([0, 0]) });
        const longer = settlingHold(
          'hold',
          { ...request, amount: 3 },
          {
            ...{ takenAt: at, isDegraded: false, decidedAt: expiresAt - 1, extended: { units: 3 } },
            expiresAt: NOON + 5 * MINUTE_MS,
          },
        );
        await settled(later, longer, longer);
        expect(await later.read({ counters: [both, atOnce] })).toMatchObject({
          counts: held([0, 3], [0, 3], [0, 3]),
        });
        expect(await later.endHold(ending(request, { kind: 'look' }))).toMatchObject({
          reservation: { state: 'held', expiresAt: NOON + 5 * MINUTE_MS, amounts: { units: 3 } },
        });
        const over = await underTest.at(NOON + 6 * MINUTE_MS);
        const left = onExpiry === 'commit' ? 3 : 0;
        expect(await over.read({ counters: [both, atOnce] })).toMatchObject({
          counts: held([left, 0], [left, 0], [0, 0]),
        });
      },
    );

    it('leaves expired what was extended too late, or for too short', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { amount: 2, onExpiry: 'commit' });
      const { at, expiresAt } = await reserved(store, request);
      const later = await underTest.at(NOON + 4 * MINUTE_MS);
      const longer = { takenAt: at, isDegraded: false, extended: { units: 3 } };
      const late = { ...longer, decidedAt: expiresAt + 1, expiresAt: NOON + 9 * MINUTE_MS };
      await settled(later, settlingHold('hold', { ...request, amount: 3 }, late));
      expect(await counts(later)).toEqual([
        [2, 0],
        [2, 0],
      ]);
      const short = { ...longer, decidedAt: expiresAt - 1, expiresAt: NOON + 2 * MINUTE_MS };
      await settled(later, settlingHold('hold', { ...request, amount: 3 }, short));
      expect(await counts(later)).toEqual([
        [3, 0],
        [3, 0],
      ]);
    });

    it.each(['commit', 'release'] as const)(
      'remembers as long as its settlement says that it was ended: %s',
      async (kind) => {
        const { underTest, store } = scene();
        const request = reserving([both], { amount: 2, onExpiry: 'commit' });
        await settled(store, settlingHold('hold', request));
        await store.endHold(ending(request, { kind }));
        const used = kind === 'commit' ? 2 : 0;
        const later = await underTest.at(NOON + REMEMBER_MS + 5 * MINUTE_MS);
        const state = kind === 'commit' ? 'committed' : 'released';
        expect(await later.endHold(ending(request, { kind: 'look' }))).toMatchObject({
          outcome: 'found',
          reservation: { state },
        });
        // A node that has heard of no ending, and was away.
        await settled(later, settlingHold('hold', request));
        expect(await counts(later)).toEqual([
          [used, 0],
          [used, 0],
        ]);
      },
    );

    it('ends a reservation of a rule that is gone', async () => {
      const { store } = scene();
      const request = reserving([both, onDay], { amount: 3 });
      const { at } = await reserved(store, request);
      const withoutRule = { ...request, counters: [both, { ...onDay, limits: [] }] };
      const commit = settlingHold('commit', withoutRule, {
        ...{ takenAt: at, isDegraded: false, committed: { units: 1 } },
      });
      expect(await settled(store, commit, commit)).toEqual(['counted', 'already-counted']);
      expect(await store.read({ counters: [both, onDay] })).toMatchObject({
        counts: held([1, 0], [1, 0], [1, 0]),
      });
      const unknown = reserving([{ ...both, limits: [] }], { amount: 3 });
      expect(await settled(store, settlingHold('hold', unknown), settlingHold('commit', unknown))).toEqual([
        'counted',
        'counted',
      ]);
      expect(await counts(store)).toEqual([
        [1, 0],
        [1, 0],
      ]);
    });
  });
}
