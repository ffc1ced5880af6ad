import { describe, expect, it } from '@jest/globals';
import { encodeContent, type CounterRef } from '@sundial/engine/ports';
import { REMEMBER_MS } from '@sundial/engine/ports';
import { add, leftOf, pack, placeOf, refunding } from './pack-requests.js';
import type { StoreScene } from './store.contract.js';
import {
  counter,
  daily,
  GROUPS,
  hourly,
  MINUTE_MS,
  NOON,
  ofMeter,
  operation,
  settling,
  taking,
  used,
} from './store-requests.js';

export function packsContract(scene: () => StoreScene): void {
  const both = counter([daily(4), hourly(3)], { name: 'both~zone' });
  const metered = counter([daily(10), ofMeter('tokens', daily(100))], { name: 'metered~zone' });

  describe('packs', () => {
    it('are used where a window has no room, and count in none', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      expect(await store.take(taking([both], { amount: 2 }))).not.toHaveProperty('packs');
      const split = await store.take(taking([both], { amount: 3 }));
      expect(split).toEqual({
        outcome: 'taken',
        counts: used(3, 3),
        packs: [{ id: 'p1', meter: 'units', taken: 2, remaining: 3 }],
      });
      expect(await store.take(taking([both]))).toMatchObject({ packs: [{ taken: 1, remaining: 2 }] });
      expect(await store.take(taking([both], { amount: 3 }))).toMatchObject({ outcome: 'refused' });
      expect(await leftOf(store, both)).toEqual({ p1: 2 });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(3, 3) });
    });

    it('are used by priority, then by what expires first', async () => {
      const { store } = scene();
      const soon = NOON + 60 * MINUTE_MS;
      await add(store, both, pack('lasting', { amount: 1 }));
      await add(store, both, pack('later', { amount: 1, expiresAt: soon + 1 }));
      await add(store, both, pack('sooner', { amount: 1, expiresAt: soon }));
      await add(store, both, pack('first', { amount: 1, priority: 1 }));
      const result = await store.take(taking([both], { amount: 7 }));
      const ids = ('packs' in result ? result.packs : [])?.map(({ id }) => id);
      expect(ids).toEqual(['first', 'sooner', 'later', 'lasting']);
    });

    it('are not used once they have expired or were cancelled, and keep what comes back', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 2, expiresAt: NOON + MINUTE_MS }));
      await add(store, both, pack('p2', { amount: 2, priority: 2 }));
      const content = encodeContent({ amount: 6 });
      const taken = taking([both], { amount: 6, operation: operation('o1', content) });
      expect(await store.take(taken)).toMatchObject({ outcome: 'taken', counts: used(3, 3) });
      await store.packs!.cancelPack(placeOf(both), 'p2');
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.refund(refunding(taken))).toMatchObject({ outcome: 'refunded' });
      expect(await leftOf(later, both)).toEqual({ p1: 2, p2: 2 });
      expect(await later.take(taking([both], { amount: 3 }))).toMatchObject({ outcome: 'taken' });
      expect(await later.take(taking([both]))).toMatchObject({ outcome: 'refused' });
    });

    it('are taken from once under an operation id, and get back from a refund what they gave, once', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const request = taking([both], { amount: 5, operation: operation('o1', encodeContent({ amount: 5 })) });
      await store.take(request);
      const again = { ...request, operation: operation('o1', encodeContent({ amount: 5 })) };
      const replayed = { outcome: 'replayed', counts: used(3, 3), counted: expect.anything() };
      const packs = [{ id: 'p1', meter: 'units', taken: 2 }];
      expect(await store.take(again)).toEqual({ ...replayed, packs });
      expect(await leftOf(store, both)).toEqual({ p1: 3 });
      for (let times = 0; times < 2; times++)
        expect(await store.refund(refunding(request))).toEqual({
          outcome: 'refunded',
          amounts: { units: 5 },
        });
      expect(await leftOf(store, both)).toEqual({ p1: 5 });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('get back what a voided check took, and keep what another try of it relies on', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const content = encodeContent({ amount: 5 });
      const [one, other] = [operation('o1', content), operation('o1', content)];
      const request = taking([both], { amount: 5, operation: one });
      await store.take(request);
      await store.take({ ...request, operation: other });
      expect(await store.settle(settling('void', request))).toEqual({ outcome: 'voided' });
      expect(await leftOf(store, both)).toEqual({ p1: 3 });
      expect(await store.settle(settling('void', { ...request, operation: other }))).toEqual({
        outcome: 'reversed',
      });
      expect(await leftOf(store, both)).toEqual({ p1: 5 });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('stand in for their meter alone, all meters or none', async () => {
      const { store } = scene();
      await add(store, metered, pack('t1', { amount: 50, meter: 'tokens' }));
      const amounts = { tokens: 140 };
      const content = encodeContent({ amount: 2, amounts });
      const request = taking([metered], { amount: 2, amounts, operation: operation('o1', content) });
      expect(await store.take(request)).toMatchObject({
        counts: used(2, 100),
        packs: [{ id: 't1', meter: 'tokens', taken: 40, remaining: 10 }],
      });
      const both = taking([metered], { amount: 9, amounts: { tokens: 5 } });
      expect(await store.take(both)).toMatchObject({ outcome: 'refused', counts: used(2, 100) });
      expect(await leftOf(store, metered)).toEqual({ t1: 10 });
      await store.refund(refunding(request));
      expect(await leftOf(store, metered)).toEqual({ t1: 50 });
      expect(await store.read({ counters: [metered] })).toMatchObject({ counts: used(0, 0) });
    });

    it('leave the limits of other subjects to have room themselves, which count what the windows give', async () => {
      const { store } = scene();
      const grade = counter([daily(6)], { name: 'grade~zone:grade=3' });
      await add(store, both, pack('p1', { amount: 50 }));
      expect(await store.take(taking([both, grade], { amount: 5 }))).toMatchObject({
        outcome: 'taken',
        counts: used(3, 3, 3),
        packs: [{ taken: 2 }],
      });
      expect(await store.take(taking([both, grade], { amount: 4 }))).toMatchObject({ outcome: 'refused' });
      await add(store, grade, pack('g1', { amount: 50 }));
      expect(await store.take(taking([both, grade], { amount: 4 }))).toMatchObject({ outcome: 'refused' });
    });

    it('leave limits of other shard groups to have room, and take nothing where those have none', async () => {
      const { store } = scene();
      const [near, far] = GROUPS.slice(1).map((group) =>
        counter([daily(4)], { name: 'near~zone', group }),
      ) as [CounterRef, CounterRef];
      await add(store, near, pack('p1', { amount: 50 }));
      const content = encodeContent({ amount: 5 });
      const fits = { ...far, limits: [daily(9)] };
      const request = taking([near, fits], { amount: 5, operation: operation('o1', content) });
      expect(await store.take(request)).toMatchObject({
        outcome: 'taken',
        packs: [{ id: 'p1', taken: 1, remaining: 49 }],
      });
      const again = { ...request, operation: operation('o1', content) };
      expect(await store.take(again)).toMatchObject({
        outcome: 'replayed',
        packs: [{ id: 'p1', meter: 'units', taken: 1 }],
      });
      for (const counters of [
        [near, fits],
        [fits, near],
      ])
        expect(await store.take(taking(counters, { amount: 6 }))).toMatchObject({ outcome: 'refused' });
      await add(store, far, pack('p2', { amount: 50 }));
      const both = taking([near, fits], {
        amount: 6,
        operation: operation('o2', encodeContent({ amount: 6 })),
      });
      expect(await store.take(both)).toMatchObject({ outcome: 'refused' });
      expect([await leftOf(store, near), await leftOf(store, far)]).toEqual([{ p1: 49 }, { p2: 50 }]);
      await store.refund(refunding(request));
      expect(await store.read({ counters: [near, fits] })).toMatchObject({ counts: used(0, 0) });
      expect(await leftOf(store, near)).toEqual({ p1: 50 });
    });

    it('are used where an override leaves no room, and not where it gives room', async () => {
      const { store } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      const overridden = (set: number) => {
        const terms = { from: undefined, until: undefined, limits: new Map([['h', { set }]]) };
        const override = { terms, text: '{}' };
        return store.overrides!.write('both', [{ counter: both, name: both.key, override }]);
      };
      await overridden(1);
      expect(await store.take(taking([both], { amount: 2 }))).toMatchObject({
        counts: [{ used: 1 }, { used: 1, override: { set: 1 } }],
        packs: [{ taken: 1, remaining: 4 }],
      });
      await overridden(4);
      const fits = await store.take(taking([both], { amount: 3 }));
      expect(fits).toMatchObject({ outcome: 'taken', counts: [{ used: 4 }, { used: 4 }] });
      expect(fits).not.toHaveProperty('packs');
    });

    it('are added once under an id', async () => {
      const { store } = scene();
      expect(await add(store, both, pack('p1', { amount: 5 }))).toMatchObject({ outcome: 'added' });
      await store.take(taking([both], { amount: 4 }));
      expect(await add(store, both, pack('p1', { amount: 5 }))).toMatchObject({
        outcome: 'replayed',
        packs: [{ id: 'p1', left: 4, amount: 5, isCancelled: false }],
      });
      const other = { ...pack('p1', { amount: 6 }), content: 'other' };
      expect(await add(store, both, other)).toEqual({ outcome: 'conflict' });
      expect(await store.packs!.cancelPack(placeOf(both), 'p2')).toEqual({ outcome: 'not-found' });
    });

    it('make room for new ones by those that give nothing any more', async () => {
      const { store } = scene();
      for (let n = 0; n < 100; n++) await add(store, both, pack(`p${n}`, { amount: 1 }));
      expect(await add(store, both, pack('more', { amount: 1 }))).toEqual({ outcome: 'too-many' });
      await store.packs!.cancelPack(placeOf(both), 'p50');
      expect(await add(store, both, pack('more', { amount: 1 }))).toMatchObject({ outcome: 'added' });
      expect(Object.keys(await leftOf(store, both))).not.toContain('p50');
    });

    it('outlive the windows, and a restart of an embedded store', async () => {
      const { store, underTest } = scene();
      await add(store, both, pack('p1', { amount: 5 }));
      await store.take(taking([both], { amount: 4 }));
      const later = await underTest.at(NOON + REMEMBER_MS + MINUTE_MS);
      expect(await leftOf(later, both)).toEqual({ p1: 4 });
    });
  });
}
