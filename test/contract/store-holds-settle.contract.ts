import { describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine/ports';
import {
  ending,
  held,
  reserved,
  reserving,
  settled,
  settlingHold,
  unitsOf,
  windowsIn,
} from './hold-requests.js';
import type { StoreScene } from './store.contract.js';
import { counter, daily, hourly, MINUTE_MS, NOON, operation, settling, taking } from './store-requests.js';

export function settleHoldsContract(scene: () => StoreScene): void {
  const both = counter([daily(10), hourly(9)]);
  const counts = (store: Store) => unitsOf(store, both);

  describe('settling a reservation that was decided without the store', () => {
    it('places the hold as it was decided, above the max too, and once', async () => {
      const { store } = scene();
      await store.take(taking([both], { amount: 8 }));
      const request = reserving([both], { amount: 3 });
      expect(await store.settle(settlingHold('hold', request))).toMatchObject({
        outcome: 'counted',
        forced: [{ used: 11 }, { used: 11 }],
      });
      expect(await settled(store, settlingHold('hold', request))).toEqual(['already-counted']);
      expect(await counts(store)).toEqual([
        [8, 3],
        [8, 3],
      ]);
      expect(await store.endHold(ending(request, { kind: 'look' }))).toMatchObject({
        outcome: 'found',
        reservation: { state: 'held', at: NOON, expiresAt: NOON + MINUTE_MS },
      });
    });

    it('places a hold that expires, as any does', async () => {
      const { underTest, store } = scene();
      await settled(store, settlingHold('hold', reserving([both], { amount: 3 })));
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await counts(later)).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it.each([
      ['release', 0],
      ['commit', 3],
    ] as const)('knows a hold that has expired meanwhile: %s', async (onExpiry, left) => {
      const { underTest } = scene();
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      const request = reserving([both], { amount: 3, onExpiry });
      expect(await settled(later, settlingHold('hold', request))).toEqual(['counted']);
      expect(await counts(later)).toEqual([
        [left, 0],
        [left, 0],
      ]);
      expect(await later.endHold(ending(request, { kind: 'look' }))).toMatchObject({
        reservation: { state: 'expired' },
      });
    });

    // Two nodes decided attempts at one operation, and it was released before the second one's settlement arrived.
    it.each([true, false])(
      'releases what was decided before the release, settled %p, and no more',
      async (isSettled) => {
        const { store } = scene();
        const request = reserving([both], { amount: 3 });
        if (isSettled) await store.settle(settlingHold('hold', request));
        else await store.take(request);
        expect(await store.endHold(ending(request, { kind: 'release' }))).toMatchObject({ outcome: 'ended' });
        const times = (at: number) => ({ takenAt: at, decidedAt: at });
        expect(
          await settled(
            store,
            settlingHold('hold', request, times(NOON - 100)),
            settlingHold('release', request, { ...times(NOON - 200), decidedAt: NOON + 50 }),
          ),
        ).toEqual(['voided', 'voided']);
        expect(await counts(store)).toEqual([
          [0, 0],
          [0, 0],
        ]);
        expect(await store.endHold(ending(request, { kind: 'look' }))).toMatchObject({
          outcome: 'found',
          reservation: { state: 'released' },
        });
        expect(await settled(store, settlingHold('hold', request, times(NOON + MINUTE_MS)))).toEqual([
          'counted',
        ]);
      },
    );

    it('commits exactly, whether the hold or the commit arrives first', async () => {
      for (const order of [
        ['hold', 'commit'],
        ['commit', 'hold'],
        ['commit', 'commit', 'hold', 'hold'],
      ] as const) {
        const { underTest } = scene();
        await underTest.empty();
        const store = await underTest.at(NOON);
        const request = reserving([both], { amount: 3 });
        const requests = order.map((intent) =>
          settlingHold(intent, request, intent === 'commit' ? { committed: { units: 2 } } : {}),
        );
        const outcomes = await settled(store, ...requests);
        expect(outcomes.filter((outcome) => outcome === 'counted').length).toBe(order[0] === 'hold' ? 2 : 1);
        expect(await counts(store)).toEqual([
          [2, 0],
          [2, 0],
        ]);
        expect(await store.endHold(ending(request, { kind: 'look' }))).toMatchObject({
          reservation: { state: 'committed', amounts: { units: 3 }, committed: { units: 2 }, late: false },
        });
      }
    });

    it('releases, whether the hold or the release arrives first', async () => {
      for (const order of [
        ['hold', 'release'],
        ['release', 'hold'],
        ['release', 'release', 'hold'],
      ] as const) {
        const { underTest } = scene();
        await underTest.empty();
        const store = await underTest.at(NOON);
        const request = reserving([both], { amount: 3 });
        await settled(store, ...order.map((intent) => settlingHold(intent, request)));
        expect(await counts(store)).toEqual([
          [0, 0],
          [0, 0],
        ]);
        expect(await store.endHold(ending(request, { kind: 'look' }))).toMatchObject({
          reservation: { state: 'released' },
        });
      }
    });

    it('commits what the store itself had held', async () => {
      const { store } = scene();
      const request = reserving([both], { amount: 3 });
      const { at } = await reserved(store, request);
      const commit = settlingHold('commit', request, {
        takenAt: at,
        isDegraded: false,
        committed: { units: 4 },
      });
      expect(await settled(store, commit, commit)).toEqual(['counted', 'already-counted']);
      expect(await counts(store)).toEqual([
        [4, 0],
        [4, 0],
      ]);
    });

    it('releases what the store itself had held', async () => {
      const { store } = scene();
      const request = reserving([both], { amount: 3 });
      const { at } = await reserved(store, request);
      const release = settlingHold('release', request, { takenAt: at, isDegraded: false });
      expect(await settled(store, release, release)).toEqual(['reversed', 'voided']);
      expect(await counts(store)).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it.each([
      ['release', 2],
      ['commit', 2],
    ] as const)('commits exactly what had expired before it arrived: %s', async (onExpiry, exact) => {
      const { underTest, store } = scene();
      const request = reserving([both], { amount: 3, onExpiry });
      const { at } = await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      const commit = settlingHold('commit', request, {
        takenAt: at,
        isDegraded: false,
        committed: { units: exact },
      });
      expect(await settled(later, commit)).toEqual(['counted']);
      expect(await counts(later)).toEqual([
        [exact, 0],
        [exact, 0],
      ]);
      expect(await later.endHold(ending(request, { kind: 'look' }))).toMatchObject({
        reservation: { state: 'committed', late: false },
      });
    });

    it('takes back what an expiry had committed, where it was released before', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { amount: 3, onExpiry: 'commit' });
      const { at } = await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(
        await settled(later, settlingHold('release', request, { takenAt: at, isDegraded: false })),
      ).toEqual(['reversed']);
      expect(await counts(later)).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it('conflicts with the opposite ending', async () => {
      const { store } = scene();
      const request = reserving([both], { amount: 3 });
      const { at } = await reserved(store, request);
      await store.endHold(ending(request, { kind: 'release' }));
      const commit = settlingHold('commit', request, { takenAt: at, isDegraded: false });
      expect(await settled(store, commit)).toEqual(['conflict']);
      const other = reserving([both]);
      const held2 = await reserved(store, other);
      await store.endHold(ending(other, { kind: 'commit' }));
      const release = settlingHold('release', other, { takenAt: held2.at, isDegraded: false });
      expect(await settled(store, release)).toEqual(['conflict']);
      expect(await counts(store)).toEqual([
        [1, 0],
        [1, 0],
      ]);
    });

    it('joins attempts that were held apart, until the later of their expiries', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { amount: 3 });
      const again = { ...request, operation: operation(request.operation.id, request.operation.content) };
      expect(
        await settled(
          store,
          settlingHold('hold', request),
          settlingHold('hold', again, { takenAt: NOON + 30_000 }),
        ),
      ).toEqual(['counted', 'already-counted']);
      const later = await underTest.at(NOON + MINUTE_MS + 5_000);
      expect(await counts(later)).toEqual([
        [0, 3],
        [0, 3],
      ]);
      await settled(
        later,
        settlingHold('commit', again, { takenAt: NOON + 30_000, committed: { units: 1 } }),
      );
      expect(await counts(later)).toEqual([
        [1, 0],
        [1, 0],
      ]);
    });

    it('voids a reserve whose caller was refused, before it arrives and after', async () => {
      const { store } = scene();
      const [before, after] = [reserving([both]), reserving([both], { amount: 2 })];
      expect(await settled(store, settlingHold('void', before))).toEqual(['voided']);
      expect(await store.take(before)).toEqual({ outcome: 'expired' });
      await reserved(store, after);
      expect(await settled(store, settlingHold('void', after))).toEqual(['reversed']);
      expect(await counts(store)).toEqual([
        [0, 0],
        [0, 0],
      ]);
      expect(await store.endHold(ending(after, { kind: 'commit' }))).toEqual({ outcome: 'not-found' });
    });

    it('voids every reserve of an operation whose callers were refused, and leaves them no part in a later one', async () => {
      const { store } = scene();
      const [first, second, third] = [0, 1, 2].map(() => reserving([both], { id: 'o1' }));
      await settled(store, settlingHold('void', first!), settlingHold('void', second!));
      expect(await store.take(first!)).toEqual({ outcome: 'expired' });
      expect(await store.take(second!)).toEqual({ outcome: 'expired' });
      await reserved(store, third!);
      await store.take(first!);
      expect(await settled(store, settlingHold('void', third!))).toEqual(['reversed']);
      expect(await store.take(second!)).toEqual({ outcome: 'expired' });
      expect(await counts(store)).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it('voids no other attempt’s hold', async () => {
      const { store } = scene();
      const request = reserving([both], { id: 'o1' });
      const [lost, again] = [reserving([both], { id: 'o1' }), reserving([both], { id: 'o1' })];
      await reserved(store, request);
      expect(await settled(store, settlingHold('void', lost))).toEqual(['voided']);
      expect(await store.take(lost)).toMatchObject({ outcome: 'replayed' });
      expect(await store.take(again)).toMatchObject({ outcome: 'replayed' });
      expect(await settled(store, settlingHold('void', request))).toEqual(['voided']);
      expect(await counts(store)).toEqual([
        [0, 1],
        [0, 1],
      ]);
    });

    it('leaves a check’s settlement under its id alone', async () => {
      const { store } = scene();
      const request = reserving([both], { id: 'o1' });
      await reserved(store, request);
      const check = taking([both], { operation: operation('o1') });
      expect(await settled(store, settling('count', check), settling('void', check))).toEqual([
        'conflict',
        'voided',
      ]);
      const result = await store.endHold(ending(request, { kind: 'look' }));
      expect(windowsIn(result)).toEqual({ d: [0, 1], h: [0, 1] });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([0, 1], [0, 1]) });
    });
  });
}
