import { describe, expect, it } from '@jest/globals';
import { MAX_HOLDS } from '@sundial/contract';
import { REMEMBER_MS } from '@sundial/engine/ports';
import { ending, held, reserved, reserving, settlingHold, windowsIn } from './hold-requests.js';
import type { StoreScene } from './store.contract.js';
import {
  counter,
  daily,
  hourly,
  MINUTE_MS,
  NOON,
  ofMeter,
  operation,
  taking,
  used,
} from './store-requests.js';

export function holdsContract(scene: () => StoreScene): void {
  const both = counter([daily(10), hourly(3)]);
  const metered = counter([daily(10), ofMeter('tokens', daily(1_000))], { name: 'metered' });
  const perGrade = counter([daily(5)], { name: 'per-grade' });

  describe('a take that holds', () => {
    it('reserves in every limit of every counter, and uses nothing', async () => {
      const { store } = scene();
      const result = await store.take(reserving([both, perGrade], { amount: 2 }));
      expect(result).toMatchObject({ outcome: 'taken', counts: held([0, 2], [0, 2], [0, 2]) });
      expect(await store.read({ counters: [both, perGrade] })).toEqual({
        outcome: 'read',
        counts: held([0, 2], [0, 2], [0, 2]),
      });
    });

    it('says when it was taken, when it expires and what it holds', async () => {
      const { store } = scene();
      const reservation = await reserved(
        store,
        reserving([metered], { amount: 2, amounts: { tokens: 30, words: 4 } }),
      );
      expect(reservation).toMatchObject({
        state: 'held',
        onExpiry: 'release',
        late: false,
        amounts: { units: 2, tokens: 30, words: 4 },
      });
      expect(reservation.committed).toBeUndefined();
      expect(Math.abs(reservation.at - NOON)).toBeLessThan(10_000);
      expect(reservation.expiresAt - reservation.at).toBe(MINUTE_MS);
      expect(reservation.until - reservation.expiresAt).toBe(REMEMBER_MS);
    });

    it('counts against the limit as what is used does', async () => {
      const { store } = scene();
      await store.take(reserving([both], { amount: 2 }));
      expect(await store.take(taking([both], { amount: 2 }))).toEqual({
        outcome: 'refused',
        counts: held([0, 2], [0, 2]),
      });
      expect(await store.take(taking([both]))).toEqual({ outcome: 'taken', counts: held([1, 2], [1, 2]) });
      expect(await store.take(reserving([both]))).toEqual({
        outcome: 'refused',
        counts: held([1, 2], [1, 2]),
      });
    });

    it('holds in none when one limit of the last counter has no room', async () => {
      const { store } = scene();
      await store.take(taking([perGrade], { amount: 4 }));
      expect(await store.take(reserving([both, perGrade], { amount: 2 }))).toMatchObject({
        outcome: 'refused',
      });
      expect(await store.read({ counters: [both, perGrade] })).toMatchObject({
        counts: held([0, 0], [0, 0], [4, 0]),
      });
    });

    it('holds calls and tokens together or not at all', async () => {
      const { store } = scene();
      await store.take(reserving([metered], { amounts: { tokens: 900 } }));
      expect(await store.take(reserving([metered], { amounts: { tokens: 101 } }))).toMatchObject({
        outcome: 'refused',
      });
      expect(await store.take(reserving([metered], { amounts: { tokens: 100 } }))).toMatchObject({
        outcome: 'taken',
        counts: held([0, 2], [0, 1_000]),
      });
    });

    it('is never over the limit, however many ask at once', async () => {
      const { store } = scene();
      const asked = Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? reserving([both]) : taking([both])));
      const results = await Promise.all(asked.map((request) => store.take(request)));
      expect(results.filter(({ outcome }) => outcome === 'taken')).toHaveLength(3);
    });

    it('is replayed under its id, as it stands', async () => {
      const { store } = scene();
      const first = await reserved(store, reserving([both], { id: 'o1', amount: 2 }));
      const again = await store.take(reserving([both], { id: 'o1', amount: 2 }));
      expect(again).toMatchObject({ outcome: 'replayed', counts: held([0, 2], [0, 2]), reservation: first });
      await store.endHold(ending(reserving([both], { id: 'o1' }), { kind: 'commit', amount: 1 }));
      expect(await store.take(reserving([both], { id: 'o1', amount: 2 }))).toMatchObject({
        outcome: 'replayed',
        counts: used(1, 1),
        reservation: { state: 'committed', committed: { units: 1 } },
      });
    });

    it('conflicts with other content under its id', async () => {
      const { store } = scene();
      await store.take(reserving([both], { id: 'o1' }));
      expect(await store.take(reserving([both], { id: 'o1', amount: 2 }))).toEqual({ outcome: 'conflict' });
    });

    it('conflicts with a check under its id, whichever comes first', async () => {
      const { store } = scene();
      await store.take(reserving([both], { id: 'o1' }));
      expect(await store.take(taking([both], { operation: operation('o1') }))).toEqual({
        outcome: 'conflict',
      });
      await store.take(taking([both], { operation: operation('o2') }));
      expect(await store.take(reserving([both], { id: 'o2' }))).toEqual({ outcome: 'conflict' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([1, 1], [1, 1]) });
    });

    it('that starts after its deadline holds nothing', async () => {
      const { store } = scene();
      expect(await store.take({ ...reserving([both]), deadlineAt: NOON - 1 })).toEqual({
        outcome: 'expired',
      });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('may hold nothing of any limit, and is a reservation all the same', async () => {
      const { store } = scene();
      const request = reserving([metered], { amount: 0 });
      await reserved(store, request);
      const result = await store.endHold(ending(request, { kind: 'commit', amounts: { tokens: 70 } }));
      expect(windowsIn(result)).toMatchObject({ '(day|tokens)': [70, 0] });
    });

    it(`is refused where a counter has ${MAX_HOLDS} live holds`, async () => {
      const { store } = scene();
      const wide = counter([daily(1_000_000)], { name: 'wide' });
      for (let made = 0; made < MAX_HOLDS; made += 1_000)
        await Promise.all(Array.from({ length: 1_000 }, () => store.take(reserving([wide]))));
      expect(await store.take(reserving([wide]))).toEqual({
        outcome: 'too-many-holds',
        counts: held([0, MAX_HOLDS]),
      });
      expect(await store.take(taking([wide]))).toMatchObject({ outcome: 'taken' });
      // Its caller was answered that it is held: it is, and no other until there is room.
      const promised = reserving([wide]);
      expect(await store.settle(settlingHold('hold', promised))).toEqual({ outcome: 'counted' });
      expect(await store.read({ counters: [wide] })).toMatchObject({ counts: held([1, MAX_HOLDS + 1]) });
      await store.endHold(ending(promised, { kind: 'release' }));
      expect(await store.take(reserving([wide]))).toMatchObject({ outcome: 'too-many-holds' });
    }, 60_000);
  });

  describe('committing', () => {
    it('uses what was held where it names nothing', async () => {
      const { store } = scene();
      const request = reserving([both, perGrade], { amount: 2 });
      await reserved(store, request);
      const result = await store.endHold(ending(request, { kind: 'commit' }));
      expect(result).toMatchObject({
        outcome: 'ended',
        reservation: { state: 'committed', amounts: { units: 2 }, committed: { units: 2 }, late: false },
      });
      expect(await store.read({ counters: [both, perGrade] })).toMatchObject({ counts: used(2, 2, 2) });
    });

    it('gives back what was not used, and charges what was more, above the max too', async () => {
      const { store } = scene();
      const [less, more] = [0, 1].map(() => reserving([metered], { amounts: { tokens: 500 } }));
      await reserved(store, less!);
      await reserved(store, more!);
      const first = await store.endHold(
        ending(less!, { kind: 'commit', amount: 0, amounts: { tokens: 120 } }),
      );
      expect(first).toMatchObject({ reservation: { committed: { units: 0, tokens: 120 } } });
      expect(windowsIn(first)).toEqual({ d: [0, 1], '(day|tokens)': [120, 500] });
      const second = await store.endHold(ending(more!, { kind: 'commit', amounts: { tokens: 1_400 } }));
      expect(second).toMatchObject({ reservation: { committed: { units: 1, tokens: 1_400 } } });
      expect(windowsIn(second)).toEqual({ d: [1, 0], '(day|tokens)': [1_520, 0] });
    });

    it('charges a meter that nothing was held of', async () => {
      const { store } = scene();
      const request = reserving([metered]);
      await reserved(store, request);
      const result = await store.endHold(ending(request, { kind: 'commit', amounts: { tokens: 70 } }));
      expect(result).toMatchObject({
        reservation: { amounts: { units: 1 }, committed: { units: 1, tokens: 70 } },
      });
      expect(windowsIn(result)).toEqual({ d: [1, 0], '(day|tokens)': [70, 0] });
    });

    it('counts once, however often it is done and whatever it names then', async () => {
      const { store } = scene();
      const request = reserving([both], { amount: 2 });
      await reserved(store, request);
      const first = await store.endHold(ending(request, { kind: 'commit', amount: 1 }));
      expect(await store.endHold(ending(request, { kind: 'commit', amount: 1 }))).toEqual(first);
      expect(await store.endHold(ending(request, { kind: 'commit', amount: 3 }))).toEqual(first);
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('is refused after a release', async () => {
      const { store } = scene();
      const request = reserving([both]);
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'release' }));
      expect(await store.endHold(ending(request, { kind: 'commit' }))).toMatchObject({
        outcome: 'ended-otherwise',
        reservation: { state: 'released' },
      });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });
  });

  describe('releasing', () => {
    it('gives back what was held, and no other’s', async () => {
      const { store } = scene();
      await store.take(taking([both]));
      const [one, other] = [0, 1].map(() => reserving([both]));
      await reserved(store, one!);
      await reserved(store, other!);
      const result = await store.endHold(ending(one!, { kind: 'release' }));
      expect(result).toMatchObject({ outcome: 'ended', reservation: { state: 'released' } });
      expect(windowsIn(result)).toEqual({ d: [1, 1], h: [1, 1] });
      expect(await store.endHold(ending(one!, { kind: 'release' }))).toEqual(result);
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([1, 1], [1, 1]) });
    });

    it('is refused after a commit', async () => {
      const { store } = scene();
      const request = reserving([both]);
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'commit' }));
      expect(await store.endHold(ending(request, { kind: 'release' }))).toMatchObject({
        outcome: 'ended-otherwise',
        reservation: { state: 'committed' },
      });
    });

    it('frees the operation id, for a check and for other content', async () => {
      const { store } = scene();
      const request = reserving([both], { id: 'o1' });
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'release' }));
      const other = reserving([both], { id: 'o1', amount: 2 });
      await reserved(store, other);
      await store.endHold(ending(other, { kind: 'release' }));
      expect(await store.take(taking([both], { operation: operation('o1') }))).toEqual({
        outcome: 'taken',
        counts: used(1, 1),
      });
    });

    it('that comes late for one reservation does not end the next one under its id', async () => {
      const { store } = scene();
      const request = reserving([both], { id: 'o1' });
      const first = await reserved(store, request);
      await store.endHold(ending(request, { kind: 'release' }));
      const later = await scene().underTest.at(NOON + 5_000);
      await reserved(later, reserving([both], { id: 'o1' }));
      const late = { ...ending(request, { kind: 'release' }), takenAt: first.at };
      expect(await later.endHold(late)).toEqual({ outcome: 'not-found' });
      expect(await later.read({ counters: [both] })).toMatchObject({ counts: held([0, 1], [0, 1]) });
    });
  });
}
