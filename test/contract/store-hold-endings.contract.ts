import { describe, expect, it } from '@jest/globals';
import { REMEMBER_MS } from '@sundial/engine/ports';
import { ending, held, reserved, reserving, windowsIn } from './hold-requests.js';
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

export function holdEndingsContract(scene: () => StoreScene): void {
  const both = counter([daily(10), hourly(3)]);
  const metered = counter([daily(10), ofMeter('tokens', daily(1_000))], { name: 'metered' });
  const perGrade = counter([daily(5)], { name: 'per-grade' });

  describe('an ending', () => {
    it('of what no caller reserved is not-found', async () => {
      const { store } = scene();
      const kinds = ['commit', 'release', 'extend', 'look'] as const;
      for (const kind of kinds)
        expect(await store.endHold(ending(reserving([both]), { kind }))).toEqual({ outcome: 'not-found' });
    });

    it('of a check is not-found', async () => {
      const { store } = scene();
      const request = taking([both], { operation: operation('o1') });
      await store.take(request);
      expect(await store.endHold(ending(request, { kind: 'release' }))).toEqual({ outcome: 'not-found' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('that starts after its deadline does nothing', async () => {
      const { store } = scene();
      const request = reserving([both]);
      await reserved(store, request);
      const late = { ...ending(request, { kind: 'commit' }), deadlineAt: NOON - 1 };
      expect(await store.endHold(late)).toEqual({ outcome: 'expired' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([0, 1], [0, 1]) });
    });

    it('is remembered for a quarter of an hour, then there was no such reservation', async () => {
      const { underTest, store } = scene();
      const request = reserving([both]);
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'commit' }));
      const shortly = await underTest.at(NOON + REMEMBER_MS - MINUTE_MS);
      expect(await shortly.endHold(ending(request, { kind: 'look' }))).toMatchObject({ outcome: 'found' });
      const later = await underTest.at(NOON + REMEMBER_MS + MINUTE_MS);
      expect(await later.endHold(ending(request, { kind: 'look' }))).toEqual({ outcome: 'not-found' });
      expect(await later.endHold(ending(request, { kind: 'commit' }))).toEqual({ outcome: 'not-found' });
    });

    it('is one of many that are asked together, each with its own answer', async () => {
      const { store } = scene();
      const wide = counter([daily(1_000)], { name: 'wide' });
      const requests = Array.from({ length: 90 }, () => reserving([wide]));
      await Promise.all(requests.map((request) => store.take(request)));
      const results = await Promise.all(
        requests.map((request, n) =>
          store.endHold(
            ending(request, n % 3 === 0 ? { kind: 'release' } : { kind: 'commit', amount: n % 3 }),
          ),
        ),
      );
      expect(results.map(({ outcome }) => outcome)).toEqual(requests.map(() => 'ended'));
      expect(await store.read({ counters: [wide] })).toMatchObject({ counts: used(90) });
    });
  });

  describe('looking at a reservation', () => {
    it('says how it stands, and changes nothing', async () => {
      const { store } = scene();
      const request = reserving([both], { amount: 2 });
      const reservation = await reserved(store, request);
      for (let times = 0; times < 2; times++) {
        const found = await store.endHold(ending(request, { kind: 'look' }));
        expect(found).toMatchObject({ outcome: 'found', reservation });
        expect(windowsIn(found)).toEqual({ d: [0, 2], h: [0, 2] });
      }
    });
  });

  describe('extending', () => {
    it('prolongs from now on, and never shortens', async () => {
      const { underTest, store } = scene();
      const request = reserving([both]);
      const { expiresAt } = await reserved(store, request);
      expect(await store.endHold(ending(request, { kind: 'extend', ttlMs: 2_000 }))).toMatchObject({
        outcome: 'extended',
        reservation: { expiresAt },
      });
      const later = await underTest.at(NOON + MINUTE_MS / 2);
      const extended = await later.endHold(ending(request, { kind: 'extend', ttlMs: MINUTE_MS }));
      expect(extended).toMatchObject({ outcome: 'extended', counts: held([0, 1], [0, 1]) });
      if (extended.outcome !== 'extended') return;
      expect(extended.reservation.expiresAt).toBeGreaterThan(NOON + MINUTE_MS + 20_000);
      const beyond = await underTest.at(NOON + MINUTE_MS + 10_000);
      expect(await beyond.read({ counters: [both] })).toMatchObject({ counts: held([0, 1], [0, 1]) });
    });

    it('adds to what is held, as far as there is room', async () => {
      const { store } = scene();
      const request = reserving([metered], { amounts: { tokens: 100 } });
      await reserved(store, request);
      const grown = await store.endHold(ending(request, { kind: 'extend', amounts: { tokens: 700 } }));
      expect(grown).toMatchObject({
        outcome: 'extended',
        counts: held([0, 1], [0, 700]),
        reservation: { amounts: { units: 1, tokens: 700 } },
      });
      const tooMuch = await store.endHold(
        ending(request, { kind: 'extend', amount: 2, amounts: { tokens: 1_001 } }),
      );
      expect(tooMuch).toMatchObject({
        outcome: 'refused',
        counts: held([0, 1], [0, 700]),
        reservation: { amounts: { units: 1, tokens: 700 } },
      });
      const lower = await store.endHold(ending(request, { kind: 'extend', amounts: { tokens: 5 } }));
      expect(lower).toMatchObject({ outcome: 'extended', counts: held([0, 1], [0, 700]) });
      const result = await store.endHold(ending(request, { kind: 'commit', amounts: { tokens: 650 } }));
      expect(windowsIn(result)).toEqual({ d: [1, 0], '(day|tokens)': [650, 0] });
    });

    it('answers a repeated reserve with what is held now', async () => {
      const { store } = scene();
      const request = reserving([both], { id: 'o1' });
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'extend', amount: 3 }));
      expect(await store.take(reserving([both], { id: 'o1' }))).toMatchObject({
        outcome: 'replayed',
        counts: held([0, 3], [0, 3]),
        reservation: { amounts: { units: 3 } },
      });
    });

    it('of one that has ended is refused with its state', async () => {
      const { store } = scene();
      const request = reserving([both]);
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'commit' }));
      expect(await store.endHold(ending(request, { kind: 'extend', ttlMs: MINUTE_MS }))).toMatchObject({
        outcome: 'ended-otherwise',
        reservation: { state: 'committed' },
      });
    });

    it('leaves a counter without limits, whose rule is gone, as it is', async () => {
      const { store } = scene();
      const request = reserving([both, perGrade]);
      await reserved(store, request);
      const left = { ...request, counters: [both, { ...perGrade, limits: [] }] };
      const grown = await store.endHold(ending(left, { kind: 'extend', amount: 3 }));
      expect(grown).toMatchObject({ outcome: 'extended', counts: held([0, 3], [0, 3]) });
      expect(await store.read({ counters: [perGrade] })).toMatchObject({ counts: held([0, 1]) });
      await store.endHold(ending(request, { kind: 'release' }));
      expect(await store.read({ counters: [both, perGrade] })).toMatchObject({ counts: used(0, 0, 0) });
    });
  });
}
