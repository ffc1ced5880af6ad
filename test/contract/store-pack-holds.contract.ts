import { describe, expect, it } from '@jest/globals';
import type { LimitSpec } from '@sundial/engine/ports';
import { ending, held, reserved, reserving, unitsOf, windowsIn } from './hold-requests.js';
import { add, leftOf, pack, placeOf, refunding } from './pack-requests.js';
import type { StoreScene } from './store.contract.js';
import { counter, daily, HOUR_MS, hourly, MINUTE_MS, NOON, ofMeter, taking, used } from './store-requests.js';

export function packHoldsContract(scene: () => StoreScene): void {
  const both = counter([daily(4), hourly(3)], { name: 'both~zone' });
  const metered = counter([daily(10), ofMeter('tokens', daily(100))], { name: 'metered~zone' });

  describe('a reservation that packs give to', () => {
    it('holds what fits in the windows, and the rest of packs, which others cannot use', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5 });
      expect(await store.take(request)).toMatchObject({
        outcome: 'taken',
        counts: held([0, 3], [0, 3]),
        packs: [{ id: 'p1', meter: 'units', taken: 2, remaining: 3 }],
        reservation: {
          state: 'held',
          amounts: { units: 5 },
          packs: [{ id: 'p1', meter: 'units', taken: 2 }],
        },
      });
      expect(await leftOf(store, both)).toEqual({ p1: 3 });
      expect(await store.take(taking([both], { amount: 4 }))).toMatchObject({ outcome: 'refused' });
      const again = await store.take(request);
      expect(again).toMatchObject({ outcome: 'replayed', reservation: { packs: [{ id: 'p1', taken: 2 }] } });
      expect(await leftOf(store, both)).toEqual({ p1: 3 });
    });

    it('that needs none says nothing of packs', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const result = await store.take(reserving([both], { amount: 3 }));
      expect(result).not.toHaveProperty('packs');
      expect(result).not.toHaveProperty('reservation.packs');
    });

    it('is refused where the packs have less than is lacking, and takes nothing', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 1 }));
      expect(await store.take(reserving([both], { amount: 5 }))).toMatchObject({ outcome: 'refused' });
      expect(await leftOf(store, both)).toEqual({ p1: 1 });
      expect(await unitsOf(store, both)).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it('charges the windows first where less is committed, and gives back packs first, the last that gave first', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 2, priority: 1 }));
      await add(store, both, pack('p2', { amount: 5 }));
      const request = reserving([both], { amount: 8 });
      await reserved(store, request);
      expect(await leftOf(store, both)).toEqual({ p1: 0, p2: 2 });
      const ended = await store.endHold(ending(request, { kind: 'commit', amount: 4 }));
      expect(ended).toMatchObject({
        outcome: 'ended',
        reservation: { committed: { units: 4 }, packs: [{ id: 'p1', meter: 'units', taken: 1 }] },
      });
      expect(windowsIn(ended)).toEqual({ d: [3, 0], h: [3, 0] });
      expect(await leftOf(store, both)).toEqual({ p1: 1, p2: 5 });
      expect(await store.endHold(ending(request, { kind: 'commit', amount: 4 }))).toEqual(ended);
      expect(await leftOf(store, both)).toEqual({ p1: 1, p2: 5 });
    });

    it('gives packs back whole where the windows are enough, and windows too where less is', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5 });
      await reserved(store, request);
      const ended = await store.endHold(ending(request, { kind: 'commit', amount: 2 }));
      expect(ended).not.toHaveProperty('reservation.packs');
      expect(windowsIn(ended)).toEqual({ d: [2, 0], h: [2, 0] });
      expect(await leftOf(store, both)).toEqual({ p1: 5 });
    });

    it('counts all that it holds where it is committed as held', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5 });
      await reserved(store, request);
      const ended = await store.endHold(ending(request, { kind: 'commit' }));
      expect(ended).toMatchObject({ reservation: { committed: { units: 5 }, packs: [{ taken: 2 }] } });
      expect(windowsIn(ended)).toEqual({ d: [3, 0], h: [3, 0] });
      expect(await leftOf(store, both)).toEqual({ p1: 3 });
    });

    it.each(['release', 'expiry'] as const)(
      'gives all back by its %s, to the packs it came from',
      async (by) => {
        const { store, underTest } = scene();
        await add(store, both, pack('p1', { amount: 1, priority: 1 }));
        await add(store, both, pack('p2', { amount: 5 }));
        const request = reserving([both], { amount: 6 });
        await reserved(store, request);
        expect(await leftOf(store, both)).toEqual({ p1: 0, p2: 3 });
        const later = by === 'expiry' ? await underTest.at(NOON + 2 * MINUTE_MS) : store;
        if (by === 'release') await later.endHold(ending(request, { kind: 'release' }));
        expect(await leftOf(later, both)).toEqual({ p1: 1, p2: 5 });
        const look = await later.endHold(ending(request, { kind: 'look' }));
        expect(look).not.toHaveProperty('reservation.packs');
        expect(await unitsOf(later, both)).toEqual([
          [0, 0],
          [0, 0],
        ]);
        await later.endHold(ending(request, { kind: 'release' }));
        expect(await leftOf(later, both)).toEqual({ p1: 1, p2: 5 });
      },
    );

    it('lets a check use what its expiry gave back, whatever looks first', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      await reserved(store, reserving([both], { amount: 8 }));
      expect(await store.take(taking([both]))).toMatchObject({ outcome: 'refused' });
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.take(taking([both], { amount: 8 }))).toMatchObject({
        outcome: 'taken',
        packs: [{ taken: 5, remaining: 0 }],
      });
    });

    it('keeps what its expiry committed, also of packs', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5, onExpiry: 'commit' });
      await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await leftOf(later, both)).toEqual({ p1: 3 });
      expect(await later.take(taking([both], { amount: 4 }))).toMatchObject({ outcome: 'refused' });
      const look = await later.endHold(ending(request, { kind: 'look' }));
      expect(look).toMatchObject({ reservation: { state: 'expired', packs: [{ taken: 2 }] } });
      expect(await later.endHold(ending(request, { kind: 'commit', amount: 1 }))).toMatchObject({
        reservation: { late: true },
      });
      expect(await leftOf(later, both)).toEqual({ p1: 5 });
      expect(await unitsOf(later, both)).toEqual([
        [1, 0],
        [1, 0],
      ]);
    });

    it('takes again what its expiry gave back where it is committed late, as far as it is there', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 3 }));
      const request = reserving([both], { amount: 6 });
      await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.take(taking([both], { amount: 5 }))).toMatchObject({ packs: [{ taken: 2 }] });
      const late = await later.endHold(ending(request, { kind: 'commit' }));
      expect(late).toMatchObject({ reservation: { late: true, packs: [{ id: 'p1', taken: 1 }] } });
      expect(await leftOf(later, both)).toEqual({ p1: 0 });
      // 3 and 3 of the windows, and 2 that no pack has any more.
      expect(windowsIn(late)).toEqual({ d: [8, 0], h: [8, 0] });
    });

    it('gives back to both by a refund of what was committed, once', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5 });
      await reserved(store, request);
      expect(await store.refund(refunding(request))).toEqual({ outcome: 'held' });
      await store.endHold(ending(request, { kind: 'commit', amount: 4 }));
      expect(await leftOf(store, both)).toEqual({ p1: 4 });
      for (let times = 0; times < 2; times++)
        expect(await store.refund(refunding(request))).toEqual({
          outcome: 'refunded',
          amounts: { units: 4 },
        });
      expect(await leftOf(store, both)).toEqual({ p1: 5 });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('gives back to packs that have expired or were cancelled since, which are used no more', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 2, expiresAt: NOON + MINUTE_MS / 2 }));
      await add(store, both, pack('p2', { amount: 2, priority: 2 }));
      const request = reserving([both], { amount: 7, ttlMs: 5 * MINUTE_MS });
      await reserved(store, request);
      await store.packs!.cancelPack(placeOf(both), 'p2');
      const later = await underTest.at(NOON + MINUTE_MS);
      await later.endHold(ending(request, { kind: 'release' }));
      expect(await leftOf(later, both)).toEqual({ p1: 2, p2: 2 });
      expect(await later.take(taking([both], { amount: 4 }))).toMatchObject({ outcome: 'refused' });
    });

    it('takes its units back from the windows that gave them, and its packs also when those are over', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5, ttlMs: 2 * HOUR_MS });
      await reserved(store, request);
      const later = await underTest.at(NOON + HOUR_MS);
      const at = { at: NOON + HOUR_MS };
      const now = counter([daily(4, at), hourly(3, at)], { name: 'both~zone' });
      expect(await later.take(taking([now]))).toMatchObject({ outcome: 'taken' });
      await later.endHold(ending(request, { kind: 'release' }));
      expect(await leftOf(later, both)).toEqual({ p1: 5 });
      expect(await unitsOf(later, now)).toEqual([
        [1, 0],
        [1, 0],
      ]);
    });

    it('splits each meter on its own', async () => {
      const { store } = scene();
      await add(store, metered, pack('t1', { amount: 50, meter: 'tokens' }));
      const request = reserving([metered], { amount: 2, amounts: { tokens: 140 } });
      expect(await store.take(request)).toMatchObject({
        counts: held([0, 2], [0, 100]),
        packs: [{ id: 't1', meter: 'tokens', taken: 40 }],
      });
      const commit = { kind: 'commit', amount: 3, amounts: { tokens: 120 } } as const;
      const ended = await store.endHold(ending(request, commit));
      expect(windowsIn(ended)).toEqual({ d: [3, 0], '(day|tokens)': [100, 0] });
      expect(await leftOf(store, metered)).toEqual({ t1: 30 });
    });

    it('charges what is committed above what is held to the windows, then to packs, then above the max', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 2 });
      await reserved(store, request);
      const commit = ending(request, { kind: 'commit', amount: 6 });
      expect(await store.endHold({ ...commit, counters: [{ ...both, limits: [] }] })).toEqual({
        outcome: 'window-mismatch',
      });
      const ended = await store.endHold({ ...commit, offersLimits: true });
      expect(ended).toMatchObject({
        outcome: 'ended',
        reservation: { amounts: { units: 2 }, committed: { units: 6 }, packs: [{ id: 'p1', taken: 3 }] },
      });
      expect(windowsIn(ended)).toEqual({ d: [3, 0], h: [3, 0] });
      expect(await leftOf(store, both)).toEqual({ p1: 2 });
      const other = reserving([both], { amount: 1 });
      await reserved(store, other);
      const over = { ...ending(other, { kind: 'commit', amount: 4 }), offersLimits: true };
      expect(await store.endHold(over)).toMatchObject({
        reservation: { committed: { units: 4 }, packs: [{ id: 'p1', taken: 2 }] },
      });
      expect(await leftOf(store, both)).toEqual({ p1: 0 });
      expect(await unitsOf(store, both)).toEqual([
        [5, 0],
        [5, 0],
      ]);
      await store.refund(refunding(other));
      expect(await leftOf(store, both)).toEqual({ p1: 2 });
    });

    it('needs no limits for more than is held where no pack has units', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 2 }));
      const request = reserving([both], { amount: 5 });
      await reserved(store, request);
      const ended = await store.endHold(ending(request, { kind: 'commit', amount: 6 }));
      expect(windowsIn(ended)).toEqual({ d: [4, 0], h: [4, 0] });
    });

    it('holds all of it at once where a limit counts that: packs never stand in there', async () => {
      const { store } = scene();
      const atOnce: LimitSpec = { ...daily(4), field: '(concurrent)', bounds: [0, 8.64e15, 8.64e15] };
      const limited = counter([daily(2), atOnce], { name: 'at-once~zone' });
      await add(store, limited, pack('p1', { amount: 50 }));
      const request = reserving([limited], { amount: 3 });
      expect(await store.take(request)).toMatchObject({
        counts: held([0, 2], [0, 3]),
        packs: [{ taken: 1 }],
      });
      expect(await store.take(reserving([limited], { amount: 2 }))).toMatchObject({ outcome: 'refused' });
      expect(await leftOf(store, limited)).toEqual({ p1: 49 });
      await store.endHold(ending(request, { kind: 'commit' }));
      expect(await unitsOf(store, limited)).toEqual([
        [2, 0],
        [0, 0],
      ]);
      expect(await leftOf(store, limited)).toEqual({ p1: 49 });
    });
  });
}
