import { describe, expect, it } from '@jest/globals';
import type { SettleRequest, Store } from '@sundial/engine/ports';
import { ending, held, reserved, reserving, settlingHold, windowsIn } from './hold-requests.js';
import type { StoreScene } from './store.contract.js';
import { concurrent } from './store-holds-windows.contract.js';
import {
  counter,
  daily,
  HOUR_MS,
  hourly,
  MINUTE_MS,
  NOON,
  operation,
  settling,
  taking,
} from './store-requests.js';

export function settleHoldsContract(scene: () => StoreScene): void {
  const both = counter([daily(10), hourly(9)]);
  const onDay = counter([daily(10)], { name: 'day' });
  const atOnce = counter([concurrent(5)], { name: 'at-once' });
  const counts = async (store: Store) => {
    const result = await store.read({ counters: [both] });
    return 'counts' in result ? result.counts.map(({ used: units, reserved: its }) => [units, its]) : result;
  };
  const settled = async (store: Store, ...requests: SettleRequest[]) => {
    const outcomes: string[] = [];
    for (const request of requests) outcomes.push((await store.settle(request)).outcome);
    return outcomes;
  };

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
