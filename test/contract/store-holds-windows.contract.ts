import { describe, expect, it } from '@jest/globals';
import type { CounterRef, LimitSpec } from '@sundial/engine/ports';
import { ending, held, reserved, reserving, windowsIn } from './hold-requests.js';
import type { StoreScene } from './store.contract.js';
import {
  counter,
  daily,
  DAY_MS,
  HOUR_MS,
  hourly,
  MINUTE_MS,
  NOON,
  operation,
  taking,
  used,
} from './store-requests.js';

/** A window that never ends. */
const NEVER = 8.64e15;

export function total(max: number): LimitSpec {
  return { field: '(total)', max, enforced: true, bounds: [0, NEVER, NEVER] };
}

export function concurrent(max: number): LimitSpec {
  return { field: '(concurrent)', max, enforced: true, bounds: [0, NEVER, NEVER] };
}

export function holdWindowsContract(scene: () => StoreScene): void {
  const MIDNIGHT = Math.floor(NOON / DAY_MS) * DAY_MS + DAY_MS;
  const [BEFORE, AFTER] = [MIDNIGHT - 1_000, MIDNIGHT + 1_000];
  const onDay = (at: number): CounterRef => counter([daily(10, { at }), hourly(9, { at })]);
  const both = onDay(NOON);

  describe('a hold that expires', () => {
    it('gives back what it held, at the instant it was due, to the next that looks', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { amount: 3 });
      await reserved(store, request);
      const just = await underTest.at(NOON + MINUTE_MS - 5_000);
      expect(await just.read({ counters: [both] })).toMatchObject({ counts: held([0, 3], [0, 3]) });
      const later = await underTest.at(NOON + MINUTE_MS + 1_000);
      expect(await later.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
      const found = await later.endHold(ending(request, { kind: 'look' }));
      expect(found).toMatchObject({ outcome: 'found', reservation: { state: 'expired' } });
      expect(windowsIn(found)).toEqual({ d: [0, 0], h: [0, 0] });
    });

    it('makes room for a take, without anyone having looked before', async () => {
      const { underTest, store } = scene();
      await reserved(store, reserving([both], { amount: 9 }));
      const later = await underTest.at(NOON + MINUTE_MS + 1_000);
      expect(await later.take(taking([both], { amount: 9 }))).toEqual({
        outcome: 'taken',
        counts: used(9, 9),
      });
    });

    it('uses what it held, where it commits', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { amount: 3, onExpiry: 'commit' });
      await reserved(store, request);
      const later = await underTest.at(NOON + MINUTE_MS + 1_000);
      expect(await later.read({ counters: [both] })).toMatchObject({ counts: used(3, 3) });
      expect(await later.endHold(ending(request, { kind: 'look' }))).toMatchObject({
        outcome: 'found',
        reservation: { state: 'expired', onExpiry: 'commit' },
      });
    });

    it('leaves those that are not due', async () => {
      const { underTest, store } = scene();
      await reserved(store, reserving([both], { amount: 2 }));
      const long = reserving([both], { amount: 3, ttlMs: 10 * MINUTE_MS });
      await reserved(store, long);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.take(taking([both]))).toEqual({ outcome: 'taken', counts: held([1, 3], [1, 3]) });
      const result = await later.endHold(ending(long, { kind: 'release' }));
      expect(windowsIn(result)).toEqual({ d: [1, 0], h: [1, 0] });
    });

    it('is released for good: a release answers expired, and its id is free', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { id: 'o1' });
      await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.endHold(ending(request, { kind: 'release' }))).toMatchObject({
        outcome: 'ended',
        reservation: { state: 'expired' },
      });
      expect(await later.endHold(ending(request, { kind: 'extend', ttlMs: MINUTE_MS }))).toMatchObject({
        outcome: 'ended-otherwise',
        reservation: { state: 'expired' },
      });
      expect(await later.take(taking([both], { operation: operation('o1') }))).toEqual({
        outcome: 'taken',
        counts: used(1, 1),
      });
    });

    it('is over for the ending that looks first, too', async () => {
      const { underTest, store } = scene();
      // A store that is opened looks at the counters of `both`.
      const unseen = (name: string) => counter([daily(10)], { name });
      const kept = reserving([unseen('kept')], { onExpiry: 'commit' });
      const returned = reserving([unseen('returned')]);
      for (const request of [kept, returned]) await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.endHold(ending(kept, { kind: 'release' }))).toMatchObject({
        outcome: 'ended-otherwise',
        reservation: { state: 'expired' },
      });
      expect(await later.endHold(ending(returned, { kind: 'commit' }))).toMatchObject({
        outcome: 'ended',
        reservation: { state: 'committed', late: true },
      });
      const counters = [...kept.counters, ...returned.counters];
      expect(await later.read({ counters })).toMatchObject({ counts: used(1, 1) });
    });

    it('that committed is not released any more, and keeps its id', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { id: 'o1', onExpiry: 'commit' });
      await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.endHold(ending(request, { kind: 'release' }))).toMatchObject({
        outcome: 'ended-otherwise',
        reservation: { state: 'expired' },
      });
      expect(await later.take(reserving([both], { id: 'o1' }))).toMatchObject({ outcome: 'replayed' });
      expect(await later.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it.each(['release', 'commit'] as const)(
      'is set right by a late commit: on expiry %s',
      async (onExpiry) => {
        const { underTest, store } = scene();
        const request = reserving([both], { amount: 3, onExpiry });
        await reserved(store, request);
        const later = await underTest.at(NOON + 2 * MINUTE_MS);
        await later.take(taking([both]));
        const result = await later.endHold(ending(request, { kind: 'commit', amount: 2 }));
        expect(result).toMatchObject({
          outcome: 'ended',
          reservation: { state: 'committed', committed: { units: 2 }, late: true },
        });
        expect(windowsIn(result)).toEqual({ d: [3, 0], h: [3, 0] });
        expect(await later.endHold(ending(request, { kind: 'commit', amount: 2 }))).toEqual(result);
      },
    );

    it('is one of thousands that are due at once: each look ends a part, and none is counted for ever', async () => {
      const { underTest, store } = scene();
      const wide = counter([daily(3_000)], { name: 'wide' });
      for (let made = 0; made < 2_500; made += 500)
        await Promise.all(Array.from({ length: 500 }, () => store.take(reserving([wide]))));
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      for (let look = 0; look < 2; look++) await later.read({ counters: [wide] });
      expect(await later.take(taking([wide], { amount: 3_000 }))).toEqual({
        outcome: 'taken',
        counts: used(3_000),
      });
    }, 30_000);
  });

  describe('a hold over midnight', () => {
    it('released a second after gives back to yesterday’s counter while that stands, and leaves today’s', async () => {
      const { underTest } = scene();
      const request = reserving([onDay(BEFORE)], { amount: 2 });
      await reserved(await underTest.at(BEFORE), request);
      const after = await underTest.at(AFTER);
      const result = await after.endHold(ending(request, { kind: 'release' }));
      expect(result).toMatchObject({ outcome: 'ended', reservation: { state: 'released' } });
      expect(windowsIn(result)).toEqual({ d: [0, 0], h: [0, 0] });
      expect(await after.read({ counters: [onDay(AFTER)] })).toMatchObject({ counts: used(0, 0) });
    });

    it('released after today’s first check changes nothing of today’s, and leaves yesterday out', async () => {
      const { underTest } = scene();
      const request = reserving([onDay(BEFORE)], { amount: 2 });
      await reserved(await underTest.at(BEFORE), request);
      const after = await underTest.at(AFTER);
      expect(await after.take(taking([onDay(AFTER)]))).toEqual({ outcome: 'taken', counts: used(1, 1) });
      const result = await after.endHold(ending(request, { kind: 'release' }));
      expect(result).toMatchObject({ outcome: 'ended' });
      expect(windowsIn(result)).toEqual({});
      expect(await after.read({ counters: [onDay(AFTER)] })).toMatchObject({ counts: used(1, 1) });
    });

    it('committed after gives today nothing to pay', async () => {
      const { underTest } = scene();
      const request = reserving([onDay(BEFORE)], { amount: 2 });
      await reserved(await underTest.at(BEFORE), request);
      const after = await underTest.at(AFTER);
      await after.take(taking([onDay(AFTER)]));
      await after.endHold(ending(request, { kind: 'commit', amount: 5 }));
      expect(await after.read({ counters: [onDay(AFTER)] })).toMatchObject({ counts: used(1, 1) });
    });

    it.each(['release', 'commit'] as const)('that expires there leaves today alone: %s', async (onExpiry) => {
      const { underTest } = scene();
      const request = reserving([onDay(BEFORE)], { amount: 2, ttlMs: 1_500, onExpiry });
      await reserved(await underTest.at(BEFORE), request);
      const after = await underTest.at(AFTER + 1_000);
      expect(await after.take(taking([onDay(AFTER)]))).toEqual({ outcome: 'taken', counts: used(1, 1) });
      expect(await after.endHold(ending(request, { kind: 'look' }))).toMatchObject({
        reservation: { state: 'expired' },
      });
    });

    it('of an hour that is over gives back to the day that is not', async () => {
      const { underTest, store } = scene();
      const nextHour = NOON + HOUR_MS;
      const request = reserving([both], { amount: 2, ttlMs: 2 * HOUR_MS });
      await reserved(store, request);
      const later = await underTest.at(nextHour);
      expect(await later.take(taking([onDay(nextHour)]))).toEqual({
        outcome: 'taken',
        counts: held([1, 2], [1, 0]),
      });
      const result = await later.endHold(ending(request, { kind: 'commit', amount: 1 }));
      expect(windowsIn(result)).toEqual({ d: [2, 0] });
      expect(await later.read({ counters: [onDay(nextHour)] })).toMatchObject({ counts: used(2, 1) });
    });

    it('extended after takes what is added from today, and each window gets its own back', async () => {
      const { underTest } = scene();
      const request = reserving([onDay(BEFORE)], { amount: 2 });
      await reserved(await underTest.at(BEFORE), request);
      const after = await underTest.at(AFTER);
      const today = { ...request, counters: [onDay(AFTER)] };
      const grown = await after.endHold(ending(today, { kind: 'extend', amount: 5 }));
      expect(grown).toMatchObject({ outcome: 'extended', counts: held([0, 3], [0, 3]) });
      const result = await after.endHold(ending(today, { kind: 'commit', amount: 4 }));
      expect(windowsIn(result)).toEqual({ d: [2, 0], h: [2, 0] });
    });
  });

  describe('a limit of what is held at once', () => {
    const gate = counter([concurrent(2), daily(10)], { name: 'concurrent' });
    const only = counter([concurrent(2)], { name: 'only-concurrent' });

    it('has room again after every ending, and after an expiry that commits', async () => {
      const { underTest, store } = scene();
      const [first, second] = [reserving([gate]), reserving([gate], { onExpiry: 'commit' })];
      await reserved(store, first);
      await reserved(store, second);
      expect(await store.take(reserving([gate]))).toEqual({
        outcome: 'refused',
        counts: held([0, 2], [0, 2]),
      });
      const committed = await store.endHold(ending(first, { kind: 'commit' }));
      expect(windowsIn(committed)).toEqual({ '(concurrent)': [0, 1], d: [1, 1] });
      expect(await store.take(reserving([gate]))).toMatchObject({
        outcome: 'taken',
        counts: held([0, 2], [1, 2]),
      });
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.read({ counters: [gate] })).toMatchObject({ counts: used(0, 2) });
    });

    it('takes nothing of a check, and never refuses one', async () => {
      const { store } = scene();
      await reserved(store, reserving([gate], { amount: 2 }));
      expect(await store.take(taking([gate]))).toEqual({ outcome: 'taken', counts: held([0, 2], [1, 2]) });
    });

    it('counts holds that outlive every other window', async () => {
      const { underTest, store } = scene();
      const long = reserving([only], { amount: 2, ttlMs: DAY_MS });
      await reserved(store, long);
      const later = await underTest.at(NOON + 20 * HOUR_MS);
      expect(await later.take(reserving([only]))).toMatchObject({ outcome: 'refused' });
      await later.endHold(ending(long, { kind: 'release' }));
      expect(await later.take(reserving([only]))).toMatchObject({ outcome: 'taken', counts: held([0, 1]) });
    });

    it('is set right by no late commit: what ran is over', async () => {
      const { underTest, store } = scene();
      const request = reserving([gate]);
      await reserved(store, request);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      const result = await later.endHold(ending(request, { kind: 'commit' }));
      expect(windowsIn(result)).toEqual({ '(concurrent)': [0, 0], d: [1, 0] });
    });
  });

  describe('a limit that never resets', () => {
    it('holds and keeps what is committed', async () => {
      const { underTest, store } = scene();
      const seats = counter([total(5)], { name: 'seats' });
      const request = reserving([seats], { amount: 3 });
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'commit', amount: 2 }));
      const nextYear = await underTest.at(NOON + 400 * DAY_MS);
      expect(await nextYear.read({ counters: [seats] })).toMatchObject({ counts: used(2) });
    });
  });
}
