import { describe, expect, it } from '@jest/globals';
import type { StoreScene } from './store.contract.js';
import { ANY, counter, daily, DAY_MS, HOUR_MS, hourly, NOON, taking, used } from './store-requests.js';

export function windowsContract(scene: () => StoreScene): void {
  const MIDNIGHT = Math.floor(NOON / DAY_MS) * DAY_MS + DAY_MS;

  describe('windows', () => {
    it('that begin later than now are answered with window-mismatch', async () => {
      const early = counter([daily(10), hourly(3, { at: NOON + HOUR_MS })]);
      await refusesToDecide(early);
    });

    it('that have both ended are answered with window-mismatch', async () => {
      const late = counter([daily(10), hourly(3, { at: NOON - 2 * HOUR_MS })]);
      await refusesToDecide(late);
    });

    it('answer window-mismatch when one counter of several says so', async () => {
      const { store } = scene();
      const late = counter([hourly(3, { at: NOON - 2 * HOUR_MS })], { name: 'late' });
      const now = counter([daily(10)]);
      expect(await store.take(taking([now, late]))).toEqual({ outcome: 'window-mismatch' });
      expect(await store.take(taking([late, now]))).toEqual({ outcome: 'window-mismatch' });
      expect(await store.read({ counters: [now] })).toMatchObject({ counts: used(0) });
    });

    it('are chosen by the store’s clock: the next one when it is already in it', async () => {
      const { store } = scene();
      const behind = counter([daily(10), hourly(3, { at: NOON - HOUR_MS })]);
      expect(await store.take(taking([behind]))).toEqual({
        outcome: 'taken',
        counts: [
          { ...ANY, windowIndex: 'current', used: 1 },
          { ...ANY, windowIndex: 'next', used: 1 },
        ],
      });
      const current = counter([daily(10), hourly(3)]);
      expect(await store.read({ counters: [current] })).toEqual({ outcome: 'read', counts: used(1, 1) });
    });

    it('hold the instant they start at and not the one they end at', async () => {
      const { underTest } = scene();
      const ends = counter([hourly(3, { at: MIDNIGHT - HOUR_MS })]);
      const before = await (await underTest.at(MIDNIGHT - 1_000)).take(taking([ends]));
      const after = await (await underTest.at(MIDNIGHT)).take(taking([ends]));
      expect([before, after]).toEqual([
        { outcome: 'taken', counts: [{ ...ANY, windowIndex: 'current', used: 1 }] },
        { outcome: 'taken', counts: [{ ...ANY, windowIndex: 'next', used: 1 }] },
      ]);
    });

    it('start from 0, each when its own time comes', async () => {
      const { underTest, store } = scene();
      await store.take(taking([counter([daily(10), hourly(3)])], { amount: 3 }));
      const nextHour = NOON + HOUR_MS;
      const later = counter([daily(10, { at: nextHour }), hourly(3, { at: nextHour })]);
      expect(await (await underTest.at(nextHour)).take(taking([later]))).toEqual({
        outcome: 'taken',
        counts: used(4, 1),
      });
      const tomorrow = NOON + DAY_MS;
      const muchLater = counter([daily(10, { at: tomorrow }), hourly(3, { at: tomorrow })]);
      expect(await (await underTest.at(tomorrow)).take(taking([muchLater]))).toEqual({
        outcome: 'taken',
        counts: used(1, 1),
      });
    });

    it('read as unused once they are over, before anything is taken in the new ones', async () => {
      const { underTest, store } = scene();
      await store.take(taking([counter([hourly(3)])], { amount: 3 }));
      const later = counter([hourly(3, { at: NOON + HOUR_MS })]);
      expect(await (await underTest.at(NOON + HOUR_MS)).read({ counters: [later] })).toEqual({
        outcome: 'read',
        counts: used(0),
      });
    });

    it('do not go back: a clock that was set back over a boundary keeps the later one', async () => {
      const { underTest } = scene();
      const offered = { at: MIDNIGHT - 1 };
      const both = counter([daily(10, offered), hourly(3, offered)]);
      await (await underTest.at(MIDNIGHT + 60_000)).take(taking([both], { amount: 2 }));
      const setBack = await underTest.at(MIDNIGHT - 60_000);
      expect(await setBack.take(taking([both]))).toEqual({
        outcome: 'taken',
        counts: [
          { ...ANY, windowIndex: 'next', used: 3 },
          { ...ANY, windowIndex: 'next', used: 3 },
        ],
      });
      expect((await setBack.take(taking([both]))).outcome).toBe('refused');
      expect(await setBack.read({ counters: [both] })).toMatchObject({
        outcome: 'read',
        counts: [{ windowIndex: 'next' }, { windowIndex: 'next' }],
      });
    });

    it('start over when the clock is set back over more windows than are offered', async () => {
      const { underTest } = scene();
      const late = counter([hourly(3, { at: NOON + 2 * HOUR_MS })]);
      await (await underTest.at(NOON + 2 * HOUR_MS)).take(taking([late], { amount: 2 }));
      const early = counter([hourly(3)]);
      expect(await (await underTest.at(NOON)).take(taking([early]))).toEqual({
        outcome: 'taken',
        counts: used(1),
      });
      expect(await (await underTest.at(NOON + 2 * HOUR_MS)).read({ counters: [late] })).toMatchObject({
        counts: used(0),
      });
    });

    it('keep their counts while the clock is set back and comes forward again', async () => {
      const { underTest } = scene();
      const offered = { at: MIDNIGHT - 1 };
      const both = counter([daily(10, offered), hourly(3, offered)]);
      await (await underTest.at(MIDNIGHT + 60_000)).take(taking([both]));
      await (await underTest.at(MIDNIGHT - 60_000)).take(taking([both]));
      const current = counter([daily(10, { at: MIDNIGHT }), hourly(3, { at: MIDNIGHT })]);
      expect(await (await underTest.at(MIDNIGHT + 120_000)).take(taking([current]))).toEqual({
        outcome: 'taken',
        counts: used(3, 3),
      });
    });

    it('of one counter do not depend on which other limits are asked', async () => {
      const { store } = scene();
      await store.take(taking([counter([daily(10), hourly(3)])], { amount: 2 }));
      expect(await store.take(taking([counter([hourly(3)])]))).toEqual({ outcome: 'taken', counts: used(3) });
      expect(await store.read({ counters: [counter([hourly(3), daily(10)])] })).toMatchObject({
        counts: used(3, 2),
      });
    });

    async function refusesToDecide(moved: ReturnType<typeof counter>): Promise<void> {
      const { underTest } = scene();
      await scene().store.take(taking([counter([daily(10)])]));
      const before = await underTest.contents();
      const store = await underTest.at(NOON);
      expect(await store.take(taking([moved]))).toEqual({ outcome: 'window-mismatch' });
      expect(await store.take(taking([moved], { amount: 0 }))).toEqual({ outcome: 'window-mismatch' });
      expect(await store.read({ counters: [moved] })).toEqual({ outcome: 'window-mismatch' });
      expect(await underTest.contents()).toBe(before);
    }
  });
}
