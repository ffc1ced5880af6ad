import { describe, expect, it } from '@jest/globals';
import type { StoreScene } from './store.contract.js';
import { counter, daily, GROUPS, hourly, NOON, operation } from './store-requests.js';
import { replayed, settling, taking, used } from './store-requests.js';

export function shardsContract(scene: () => StoreScene): void {
  const [first, second, third] = GROUPS.map((group) => counter([daily(10), hourly(3)], { group }));
  const counters = [first!, second!, third!];

  describe('counters of several shard groups', () => {
    it('are counted together', async () => {
      const { store } = scene();
      const mixed = [...counters, counter([daily(7)], { group: GROUPS[0], name: 'other' })];
      expect(await store.take(taking(mixed, { amount: 2 }))).toEqual({
        outcome: 'taken',
        counts: used(2, 2, 2, 2, 2, 2, 2),
      });
    });

    it('are left alone when the last one refuses, and all are reported', async () => {
      const { store } = scene();
      await store.take(taking([third!], { amount: 3 }));
      expect(await store.take(taking(counters, { amount: 2 }))).toEqual({
        outcome: 'refused',
        counts: used(0, 0, 0, 0, 3, 3),
      });
      expect(await store.read({ counters })).toEqual({ outcome: 'read', counts: used(0, 0, 0, 0, 3, 3) });
    });

    it('are left alone when the one in the middle refuses', async () => {
      const { store } = scene();
      await store.take(taking([first!]));
      await store.take(taking([second!], { amount: 3 }));
      expect(await store.take(taking(counters))).toEqual({
        outcome: 'refused',
        counts: used(1, 1, 3, 3, 0, 0),
      });
    });

    it('let an operation try again after it was refused', async () => {
      const { store } = scene();
      const blocker = taking([third!], { amount: 3 });
      await store.take(blocker);
      const refused = taking(counters, { operation: operation('o1') });
      expect((await store.take(refused)).outcome).toBe('refused');
      await store.settle(settling('void', blocker));
      expect(await store.take(taking(counters, { operation: operation('o1') }))).toEqual({
        outcome: 'taken',
        counts: used(1, 1, 1, 1, 1, 1),
      });
    });

    it('count an operation once', async () => {
      const { store } = scene();
      await store.take(taking(counters, { operation: operation('o1') }));
      expect(await store.take(taking(counters, { operation: operation('o1') }))).toEqual(
        replayed(used(1, 1, 1, 1, 1, 1)),
      );
    });

    it('give one answer to an operation that is asked many times at once, where one group is nearly full', async () => {
      const { store } = scene();
      await store.take(taking([third!], { amount: 2 }));
      for (const amount of [1, 2]) {
        const asked = Array.from({ length: 20 }, () =>
          store.take(taking(counters, { amount, operation: operation(`o${amount}`, String(amount)) })),
        );
        const allowed = (await Promise.all(asked)).map(({ outcome }) => outcome !== 'refused');
        expect(new Set(allowed).size).toBe(1);
      }
      expect(await store.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 3, 3) });
    });

    it('never take more than a limit, however many ask at once', async () => {
      const { store } = scene();
      const asked = Array.from({ length: 60 }, (_, i) =>
        store.take(taking(i % 2 ? counters : [third!, second!])),
      );
      const results = await Promise.all(asked);
      const taken = results.filter(({ outcome }) => outcome === 'taken').length;
      expect(taken).toBeLessThanOrEqual(3);
      expect(await store.read({ counters: [second!, third!] })).toMatchObject({
        counts: used(taken, taken, taken, taken),
      });
    });

    it('are reversed together', async () => {
      const { store } = scene();
      const taken = taking(counters, { amount: 2 });
      await store.take(taken);
      expect(await store.settle(settling('void', taken))).toEqual({ outcome: 'reversed' });
      expect(await store.read({ counters })).toMatchObject({ counts: used(0, 0, 0, 0, 0, 0) });
    });

    it('are counted together afterwards, and once', async () => {
      const { store } = scene();
      const pending = settling('count', taking(counters));
      expect(await store.settle(pending)).toEqual({ outcome: 'counted' });
      expect(await store.settle(pending)).toEqual({ outcome: 'already-counted' });
      expect(await store.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
    });

    it('are only looked at with amount 0, also where one has been lowered below what is used', async () => {
      const { store, underTest } = scene();
      await store.take(taking(counters, { amount: 3 }));
      const before = await underTest.contents();
      const lowered = [first!, second!, counter([daily(2)], { group: GROUPS[2] })];
      expect(await (await underTest.at(NOON)).take(taking(lowered, { amount: 0 }))).toEqual({
        outcome: 'taken',
        counts: used(3, 3, 3, 3, 3),
      });
      expect(await underTest.contents()).toBe(before);
    });

    it('are read together', async () => {
      const { store } = scene();
      await store.take(taking([second!]));
      expect(await store.read({ counters })).toEqual({ outcome: 'read', counts: used(0, 0, 1, 1, 0, 0) });
      expect(await store.take(taking(counters, { amount: 0 }))).toEqual({
        outcome: 'taken',
        counts: used(0, 0, 1, 1, 0, 0),
      });
    });
  });
}
