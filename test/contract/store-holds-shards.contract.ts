import { describe, expect, it } from '@jest/globals';
import { ending, held, reserved, reserving, settlingHold } from './hold-requests.js';
import { total } from './store-holds-windows.contract.js';
import type { StoreScene } from './store.contract.js';
import {
  counter,
  daily,
  GROUPS,
  hourly,
  MAX_AMOUNT,
  MINUTE_MS,
  NOON,
  operation,
  taking,
  used,
} from './store-requests.js';

export function holdShardsContract(scene: () => StoreScene): void {
  const [first, second, third] = GROUPS.map((group) => counter([daily(10), hourly(3)], { group }));
  const counters = [first!, second!, third!];
  const none = held([0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]);

  describe('a reservation of several shard groups', () => {
    it('holds in all of them, and is committed in all of them', async () => {
      const { store } = scene();
      const request = reserving(counters, { amount: 2 });
      const reservation = await reserved(store, request);
      expect(await store.read({ counters })).toMatchObject({
        counts: held([0, 2], [0, 2], [0, 2], [0, 2], [0, 2], [0, 2]),
      });
      const look = { ...ending(request, { kind: 'look' }), takenAt: reservation.at };
      expect(await store.endHold(look)).toMatchObject({ outcome: 'found', reservation });
      const commit = { ...ending(request, { kind: 'commit', amount: 1 }), takenAt: reservation.at };
      const result = await store.endHold(commit);
      expect(result).toMatchObject({ outcome: 'ended', reservation: { committed: { units: 1 } } });
      expect(
        'windows' in result && result.windows.map(({ used: units, reserved: its }) => [units, its]),
      ).toEqual(Array.from({ length: 6 }, () => [1, 0]));
      expect(await store.endHold(commit)).toEqual(result);
      expect(await store.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
    });

    it('holds in none when the last one refuses, and its id is free', async () => {
      const { store } = scene();
      await store.take(taking([third!], { amount: 3 }));
      expect(await store.take(reserving(counters, { id: 'o1' }))).toMatchObject({
        outcome: 'refused',
        counts: held([0, 0], [0, 0], [0, 0], [0, 0], [3, 0], [3, 0]),
      });
      expect(await store.take(reserving([first!], { id: 'o1', amount: 2 }))).toMatchObject({
        outcome: 'taken',
      });
    });

    it('is released in all of them, and expires in all of them', async () => {
      const { underTest, store } = scene();
      const [released, expiring] = [reserving(counters), reserving(counters)];
      await reserved(store, released);
      await reserved(store, expiring);
      expect(await store.endHold(ending(released, { kind: 'release' }))).toMatchObject({ outcome: 'ended' });
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.read({ counters })).toMatchObject({ counts: none });
      expect(await later.endHold(ending(expiring, { kind: 'commit' }))).toMatchObject({
        outcome: 'ended',
        reservation: { late: true },
      });
      expect(await later.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
    });

    it('is extended in all of them', async () => {
      const { underTest, store } = scene();
      const request = reserving(counters);
      await reserved(store, request);
      const extend = ending(request, { kind: 'extend', amount: 3, ttlMs: 10 * MINUTE_MS });
      expect(await store.endHold(extend)).toMatchObject({
        outcome: 'extended',
        counts: held([0, 3], [0, 3], [0, 3], [0, 3], [0, 3], [0, 3]),
      });
      const later = await underTest.at(NOON + 5 * MINUTE_MS);
      expect(await later.read({ counters })).toMatchObject({
        counts: held([0, 3], [0, 3], [0, 3], [0, 3], [0, 3], [0, 3]),
      });
      await later.endHold(ending(request, { kind: 'release' }));
      expect(await later.read({ counters })).toMatchObject({ counts: none });
    });

    it('is extended in none of them when one refuses', async () => {
      const { underTest } = scene();
      for (const full of counters) {
        await underTest.empty();
        const store = await underTest.at(NOON);
        const request = reserving(counters, { onExpiry: 'commit' });
        const before = await reserved(store, request);
        await store.take(taking([full], { amount: 1 }));
        const extend = ending(request, { kind: 'extend', amount: 3, ttlMs: 10 * MINUTE_MS });
        const asIs = counters.flatMap((one) => [0, 1].map(() => [one === full ? 1 : 0, 1] as const));
        const result = await store.endHold(extend);
        expect(result).toMatchObject({ outcome: 'refused', counts: held(...asIs) });
        expect(await store.endHold(ending(request, { kind: 'look' }))).toMatchObject({ reservation: before });
        expect(await store.read({ counters })).toMatchObject({ counts: held(...asIs) });
        await store.endHold(ending(request, { kind: 'commit' }));
        expect(await store.read({ counters })).toMatchObject({
          counts: used(...asIs.map(([one]) => one + 1)),
        });
      }
    });

    it('gives units back to all of them, or to none', async () => {
      const { underTest } = scene();
      const stocks = GROUPS.map((group) => counter([total(10)], { group }));
      for (let lacking = 0; lacking < stocks.length; lacking++) {
        await underTest.empty();
        const store = await underTest.at(NOON);
        const others = stocks.filter((_, index) => index !== lacking);
        await store.take(taking(stocks, { amount: 1 }));
        await store.take(taking(others, { amount: 2 }));
        const asIs = used(...stocks.map((_, index) => (index === lacking ? 1 : 3)));
        const returning = () => ({
          ...{ counters: stocks, operation: operation('seat', '2'), amount: 2, deadlineAt: MAX_AMOUNT },
        });
        for (let times = 0; times < 2; times++)
          expect(await store.giveBack(returning())).toMatchObject({ outcome: 'nothing-to-return' });
        expect(await store.read({ counters: stocks })).toMatchObject({ counts: asIs });
        await store.take(taking([stocks[lacking]!], { amount: 2 }));
        const again = returning();
        expect(await store.giveBack(again)).toMatchObject({ outcome: 'returned', counts: used(1, 1, 1) });
        expect(await store.giveBack(again)).toMatchObject({ outcome: 'replayed' });
        expect(await store.read({ counters: stocks })).toMatchObject({ counts: used(1, 1, 1) });
      }
    });

    it('is ended one way, however endings meet', async () => {
      const { store } = scene();
      for (let n = 0; n < 10; n++) {
        const request = reserving(counters);
        await reserved(store, request);
        const kinds = n % 2 === 0 ? (['commit', 'release'] as const) : (['release', 'commit'] as const);
        const results = await Promise.all(kinds.map((kind) => store.endHold(ending(request, { kind }))));
        expect(results.map(({ outcome }) => outcome).sort()).toEqual(['ended', 'ended-otherwise']);
        const result = await store.read({ counters });
        if (!('counts' in result)) throw new Error(result.outcome);
        expect(new Set(result.counts.map(({ used: units, reserved: its }) => `${units} ${its}`)).size).toBe(
          1,
        );
        await store.setUsage({
          counters: counters.map((one) => ({
            ...one,
            limits: one.limits.map((limit) => ({ ...limit, setTo: 0 })),
          })),
          deadlineAt: MAX_AMOUNT,
        });
      }
    });

    it('is settled in all of them', async () => {
      const { store } = scene();
      const request = reserving(counters, { amount: 2 });
      await store.settle(settlingHold('commit', request, { committed: { units: 1 } }));
      await store.settle(settlingHold('hold', request));
      expect(await store.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
    });

    it('is refunded in all of them, as a check is', async () => {
      const { store } = scene();
      const [check, request] = [taking(counters, { operation: operation('o1') }), reserving(counters)];
      await store.take(check);
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'commit' }));
      for (const { operation: its } of [check, request])
        expect(await store.refund({ operation: { id: its.id }, counters, deadlineAt: MAX_AMOUNT })).toEqual({
          outcome: 'refunded',
          amounts: { units: 1 },
        });
      expect(await store.read({ counters })).toMatchObject({ counts: none });
    });
  });
}
