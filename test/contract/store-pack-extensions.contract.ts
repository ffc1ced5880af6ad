import { describe, expect, it } from '@jest/globals';
import { contentWithPacks, type CounterRef, REMEMBER_MS } from '@sundial/engine/ports';
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
import { add, leftOf, pack, refunding } from './pack-requests.js';
import { concurrent } from './store-holds-windows.contract.js';
import type { StoreScene } from './store.contract.js';
import { counter, daily, GROUPS, hourly, MINUTE_MS, NOON } from './store-requests.js';

/** How such reservations grow, lie on several shards, are settled and outlive a restart. */
export function packExtensionsContract(scene: () => StoreScene): void {
  const both = counter([daily(4), hourly(3)], { name: 'both~zone' });

  describe('an extension that packs give to', () => {
    it('holds the rest of what it adds of packs, until the new expiry', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 2 });
      await reserved(store, request);
      const extend = { kind: 'extend', amount: 6, ttlMs: 10 * MINUTE_MS } as const;
      expect(await store.endHold(ending(request, extend))).toMatchObject({
        outcome: 'extended',
        counts: held([0, 3], [0, 3]),
        packs: [{ id: 'p1', meter: 'units', taken: 3, remaining: 2 }],
        reservation: { amounts: { units: 6 }, packs: [{ id: 'p1', taken: 3 }] },
      });
      const more = await store.endHold(ending(request, { kind: 'extend', amount: 7 }));
      expect(more).toMatchObject({ packs: [{ taken: 1 }], reservation: { packs: [{ taken: 4 }] } });
      expect(await store.endHold(ending(request, { kind: 'extend', amount: 9 }))).toMatchObject({
        outcome: 'refused',
        reservation: { amounts: { units: 7 }, packs: [{ taken: 4 }] },
      });
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await leftOf(later, both)).toEqual({ p1: 1 });
      const ended = await later.endHold(ending(request, { kind: 'commit', amount: 4 }));
      expect(windowsIn(ended)).toEqual({ d: [3, 0], h: [3, 0] });
      expect(await leftOf(later, both)).toEqual({ p1: 4 });
    });

    it('prolongs what is held of packs where it adds nothing', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5 });
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'extend', ttlMs: 10 * MINUTE_MS }));
      expect(await leftOf(await underTest.at(NOON + 5 * MINUTE_MS), both)).toEqual({ p1: 3 });
      expect(await leftOf(await underTest.at(NOON + 11 * MINUTE_MS), both)).toEqual({ p1: 5 });
    });
  });

  describe('packs and reservations over shard groups', () => {
    const [near, far] = GROUPS.slice(1).map((group) => counter([daily(4)], { name: 'near~zone', group })) as [
      CounterRef,
      CounterRef,
    ];
    const wide = { ...far, limits: [daily(20)] };

    it('hold, extend, commit and refund as one', async () => {
      const { store } = scene();
      await add(store, near, pack('p1', { amount: 50 }));
      const request = reserving([wide, near], { amount: 5 });
      expect(await store.take(request)).toMatchObject({
        outcome: 'taken',
        packs: [{ id: 'p1', taken: 1 }],
        reservation: { packs: [{ id: 'p1', taken: 1 }] },
      });
      expect(await store.endHold(ending(request, { kind: 'extend', amount: 7 }))).toMatchObject({
        outcome: 'extended',
        packs: [{ id: 'p1', taken: 2, remaining: 47 }],
        reservation: { packs: [{ id: 'p1', taken: 3 }] },
      });
      expect(await store.endHold(ending(request, { kind: 'commit', amount: 6 }))).toMatchObject({
        outcome: 'ended',
        reservation: { committed: { units: 6 }, packs: [{ id: 'p1', taken: 2 }] },
      });
      expect(await leftOf(store, near)).toEqual({ p1: 48 });
      await store.refund(refunding(request));
      expect(await leftOf(store, near)).toEqual({ p1: 50 });
    });

    it('take nothing where another group has no room', async () => {
      const { store } = scene();
      await add(store, near, pack('p1', { amount: 50 }));
      const tight = { ...far, limits: [daily(5)] };
      expect(await store.take(reserving([near, tight], { amount: 6 }))).toMatchObject({ outcome: 'refused' });
      expect(await leftOf(store, near)).toEqual({ p1: 50 });
      const request = reserving([near, tight], { amount: 5 });
      await reserved(store, request);
      expect(await store.endHold(ending(request, { kind: 'extend', amount: 8 }))).toMatchObject({
        outcome: 'refused',
      });
      expect(await leftOf(store, near)).toEqual({ p1: 49 });
      await store.endHold(ending(request, { kind: 'release' }));
      expect(await leftOf(store, near)).toEqual({ p1: 50 });
    });

    it('have no room where packs of two subjects would have to stand in', async () => {
      const { store } = scene();
      await add(store, near, pack('p1', { amount: 50 }));
      await add(store, far, pack('p2', { amount: 50 }));
      expect(await store.take(reserving([near, far], { amount: 5 }))).toMatchObject({ outcome: 'refused' });
      const request = reserving([near, far], { amount: 4 });
      await reserved(store, request);
      expect(await store.endHold(ending(request, { kind: 'extend', amount: 5 }))).toMatchObject({
        outcome: 'refused',
        reservation: { amounts: { units: 4 } },
      });
      expect([await leftOf(store, near), await leftOf(store, far)]).toEqual([{ p1: 50 }, { p2: 50 }]);
    });
  });

  describe('a settlement of a reservation that packs gave to', () => {
    it.each(['release', 'void'] as const)('gives back by %s what they gave, once', async (intent) => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5 });
      const { at, expiresAt } = await reserved(store, request);
      const settling = settlingHold(intent, request, { takenAt: at, expiresAt, isDegraded: false });
      await settled(store, settling, settling);
      expect(await leftOf(store, both)).toEqual({ p1: 5 });
      expect(await unitsOf(store, both)).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it('commits it as an ending would', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5 });
      const { at, expiresAt } = await reserved(store, request);
      const terms = { takenAt: at, expiresAt, isDegraded: false, committed: { units: 4 } };
      expect(await settled(store, settlingHold('commit', request, terms))).toEqual(['counted']);
      expect(await leftOf(store, both)).toEqual({ p1: 4 });
      expect(await unitsOf(store, both)).toEqual([
        [3, 0],
        [3, 0],
      ]);
    });

    // Its windows were not there, and what the commit counted in them was lost.
    it('counts a late commit of one that the store has lost, and that packs alone gave, in the windows where it was', async () => {
      const { store } = scene();
      const request = reserving([both], { id: 'o1', amount: 1, onExpiry: 'commit' });
      const content = contentWithPacks(request.operation.content, [{ id: 'p1', meter: 'units', taken: 1 }]);
      const lost = { ...request, operation: { ...request.operation, content } };
      const terms = { takenAt: NOON - 3 * MINUTE_MS, expiresAt: NOON - MINUTE_MS };
      const hold = settlingHold('hold', lost, { ...terms, isDegraded: false, isLost: true });
      expect(await settled(store, hold)).toEqual(['counted']);
      const commit = ending(request, { kind: 'commit', amount: 3 });
      expect(await store.endHold(commit)).toMatchObject({ outcome: 'ended', reservation: { late: true } });
      expect(await unitsOf(store, both)).toEqual([
        [2, 0],
        [2, 0],
      ]);
    });

    it('places one that the store has lost as windows and packs gave it, and ends it so', async () => {
      const { store } = scene();
      const atOnce = { ...both, limits: [...both.limits, concurrent(9)] };
      const lost = (amount: number, taken: number) => {
        const request = reserving([atOnce], { id: 'o1', amount: 5 });
        const content = contentWithPacks(request.operation.content, [{ id: 'p1', meter: 'units', taken }]);
        return { ...request, amount, operation: { ...request.operation, content } };
      };
      const hold = settlingHold('hold', lost(5, 2), { isDegraded: false, isLost: true });
      const extended = { isDegraded: false, isLost: true, extended: { units: 6 } };
      const longer = settlingHold('hold', lost(6, 3), extended);
      expect(await settled(store, hold, longer)).toEqual(['counted', 'already-counted']);
      expect(await unitsOf(store, atOnce)).toEqual([
        [0, 3],
        [0, 3],
        [0, 6],
      ]);
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { id: 'o1', amount: 5 });
      expect(await store.endHold(ending(request, { kind: 'commit', amount: 5 }))).toMatchObject({
        outcome: 'ended',
        reservation: { amounts: { units: 6 }, committed: { units: 5 }, packs: [{ id: 'p1', taken: 2 }] },
      });
      expect(await unitsOf(store, atOnce)).toEqual([
        [3, 0],
        [3, 0],
        [0, 0],
      ]);
      await store.refund(refunding(request));
      expect(await unitsOf(store, both)).toEqual([
        [0, 0],
        [0, 0],
      ]);
      expect(await leftOf(store, both)).toEqual({ p1: 5 });
    });

    it('prolongs it, also after its expiry gave back', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = reserving([both], { amount: 5 });
      const { at, expiresAt } = await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await leftOf(later, both)).toEqual({ p1: 5 });
      const longer = { takenAt: at, expiresAt: expiresAt + 10 * MINUTE_MS, isDegraded: false };
      expect(await settled(later, settlingHold('hold', request, longer))).toEqual(['already-counted']);
      expect(await leftOf(later, both)).toEqual({ p1: 3 });
      expect(await unitsOf(later, both)).toEqual([
        [0, 3],
        [0, 3],
      ]);
      const over = await underTest.at(expiresAt + 11 * MINUTE_MS);
      expect(await leftOf(over, both)).toEqual({ p1: 5 });
    });
  });

  it('a reservation that packs gave to outlives a restart of an embedded store', async () => {
    const { store, underTest } = scene();
    await add(store, both, pack('p1', { amount: 5 }));
    const request = reserving([both], { amount: 5, ttlMs: 2 * REMEMBER_MS });
    await reserved(store, request);
    const later = await underTest.at(NOON + MINUTE_MS);
    await later.endHold(ending(request, { kind: 'commit', amount: 4 }));
    expect(await leftOf(later, both)).toEqual({ p1: 4 });
  });
}
