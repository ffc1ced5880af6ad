import { describe, expect, it } from '@jest/globals';
import { REMEMBER_MS, REMEMBER_SETTLED_MS } from '@sundial/engine/ports';
import type { StoreScene } from './store.contract.js';
import {
  counter,
  daily,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  hourly,
  NOON,
  operation,
  replayed,
  settledIn,
  settling,
  taking,
  used,
} from './store-requests.js';

export function settleContract(scene: () => StoreScene): void {
  const both = counter([daily(10), hourly(3)]);
  const second = counter([daily(5)], { name: 'second' });
  const nextHour = NOON + HOUR_MS;
  /** So near to the next hour that an operation is remembered in both. */
  const lateInTheHour = NOON + 35 * MINUTE_MS;
  const soonAfter = lateInTheHour + 10 * MINUTE_MS;
  const MIDNIGHT = Math.floor(NOON / DAY_MS) * DAY_MS + DAY_MS;
  const bothLater = counter([daily(10, { at: nextHour }), hourly(3, { at: nextHour })]);

  describe('voiding', () => {
    it('reverses a take in every limit of every counter, and nothing else', async () => {
      const { store } = scene();
      const counters = [both, second];
      await store.take(taking(counters));
      const taken = taking(counters, { amount: 2 });
      await store.take(taken);
      expect(await store.settle(settling('void', taken))).toEqual({ outcome: 'reversed' });
      expect(await store.read({ counters })).toEqual({ outcome: 'read', counts: used(1, 1, 1) });
    });

    it('reverses once, however often it is done', async () => {
      const { store } = scene();
      await store.take(taking([both]));
      const taken = taking([both]);
      await store.take(taken);
      await store.settle(settling('void', taken));
      expect(await store.settle(settling('void', taken))).toEqual({ outcome: 'voided' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('leaves a later window alone', async () => {
      const { underTest } = scene();
      const store = await underTest.at(lateInTheHour);
      const taken = taking([both], { amount: 2 });
      await store.take(taken);
      const later = await underTest.at(soonAfter);
      await later.take(taking([bothLater]));
      expect(await later.settle(settling('void', taken))).toEqual({ outcome: 'reversed' });
      expect(await later.read({ counters: [bothLater] })).toMatchObject({ counts: used(1, 1) });
    });

    it('reverses in the windows that the store recorded, whatever the settlement says', async () => {
      const { store } = scene();
      const behind = counter([daily(10), hourly(3, { at: NOON - HOUR_MS })]);
      const taken = taking([behind], { amount: 2 });
      await store.take(taken);
      expect(await store.settle(settling('void', taken))).toEqual({ outcome: 'reversed' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('reverses in the later windows that were kept when the clock was set back', async () => {
      const { underTest } = scene();
      const offered = { at: MIDNIGHT - 1 };
      const around = counter([daily(10, offered), hourly(3, offered)]);
      await (await underTest.at(MIDNIGHT + 60_000)).take(taking([around]));
      const setBack = await underTest.at(MIDNIGHT - 60_000);
      const taken = taking([around], { amount: 2 });
      await setBack.take(taken);
      expect(await setBack.settle(settling('void', taken))).toEqual({ outcome: 'reversed' });
      expect(await setBack.read({ counters: [around] })).toMatchObject({
        counts: [{ used: 1 }, { used: 1 }],
      });
    });

    it('before the take bars that attempt for ever', async () => {
      const { store } = scene();
      const abandoned = taking([both], { operation: operation('o1') });
      expect(await store.settle(settling('void', abandoned))).toEqual({ outcome: 'voided' });
      expect(await store.take(abandoned)).toEqual({ outcome: 'expired' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('bars no later attempt of the same operation', async () => {
      const { store } = scene();
      await store.settle(settling('void', taking([both], { operation: operation('o1') })));
      const again = taking([both], { operation: operation('o1') });
      expect(await store.take(again)).toEqual({ outcome: 'taken', counts: used(1, 1) });
    });

    /** A caller gave up two tries of one operation, and both were still on their way: the second one counted. */
    it('bars every attempt that was voided, however many arrive late', async () => {
      const { store } = scene();
      const late = [0, 1, 2].map(() => taking([both], { operation: operation('o1') }));
      for (const attempt of late) await store.settle(settling('void', attempt));
      for (const attempt of late) expect(await store.take(attempt)).toEqual({ outcome: 'expired' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    /** Its caller was refused: that it was answered again when it arrived late kept the units of the one that was reversed. */
    it('leaves a voided attempt no part in what another one counts', async () => {
      const { store } = scene();
      const [late, counted] = [0, 1].map(() => taking([both], { operation: operation('o1') }));
      await store.settle(settling('void', late!));
      expect(await store.take(counted!)).toMatchObject({ outcome: 'taken' });
      await store.take(late!);
      expect(await store.settle(settling('void', counted!))).toEqual({ outcome: 'reversed' });
      expect(await store.take(late!)).toEqual({ outcome: 'expired' });
      expect(await store.take(counted!)).toEqual({ outcome: 'expired' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('frees the operation id: another content may have it', async () => {
      const { store } = scene();
      const taken = taking([both], { operation: operation('o1', '1') });
      await store.take(taken);
      await store.settle(settling('void', taken));
      const other = taking([both], { operation: operation('o1', '2') });
      expect(await store.take(other)).toEqual({ outcome: 'taken', counts: used(1, 1) });
    });

    it('touches no other attempt of the same operation', async () => {
      const { store } = scene();
      const counted = taking([both], { operation: operation('o1') });
      const lost = taking([both], { operation: operation('o1') });
      await store.take(counted);
      expect(await store.settle(settling('void', lost))).toEqual({ outcome: 'voided' });
      expect(await store.take(lost)).toEqual(replayed(used(1, 1)));
    });

    it('takes nothing back while another attempt was answered that the operation is counted', async () => {
      const { store } = scene();
      const [first, second] = [0, 1].map(() => taking([both], { operation: operation('o1') }));
      await store.take(first!);
      await store.take(second!);
      expect(await store.settle(settling('void', first!))).toEqual({ outcome: 'voided' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
      expect(await store.settle(settling('void', second!))).toEqual({ outcome: 'reversed' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('takes nothing back when another attempt was settled as counted', async () => {
      const { store } = scene();
      const [refused, allowed] = [0, 1].map(() => taking([both], { operation: operation('o1') }));
      await store.take(refused!);
      await store.settle(settling('count', allowed!));
      expect(await store.settle(settling('void', refused!))).toEqual({ outcome: 'voided' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('reverses in the windows of the take, also for an attempt that came in later ones', async () => {
      const { underTest } = scene();
      const store = await underTest.at(lateInTheHour);
      const first = taking([both], { operation: operation('o1'), amount: 2 });
      await store.take(first);
      const later = await underTest.at(soonAfter);
      const second = { ...first, counters: [bothLater], operation: operation('o1') };
      expect(await later.take(second)).toEqual(replayed(used(2, 0)));
      await later.take(taking([bothLater]));
      await later.settle(settling('void', first));
      expect(await later.settle(settling('void', second))).toEqual({ outcome: 'reversed' });
      expect(await later.read({ counters: [bothLater] })).toMatchObject({ counts: used(1, 1) });
    });

    it('reverses what a settlement had counted', async () => {
      const { store } = scene();
      const pending = taking([both], { amount: 2 });
      await store.settle(settling('count', pending));
      expect(await store.settle(settling('void', pending))).toEqual({ outcome: 'reversed' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });
  });

  describe('counting afterwards', () => {
    it('counts an operation that had not been taken, also above the limit', async () => {
      const { store } = scene();
      await store.take(taking([both], { amount: 3 }));
      const pending = taking([both], { amount: 2 });
      expect(await store.settle(settling('count', pending))).toMatchObject({ outcome: 'counted' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(5, 5) });
    });

    it('says which limits are above their max by it, and how far', async () => {
      const { store } = scene();
      await store.take(taking([both, second], { amount: 3 }));
      const above = await store.settle(settling('count', taking([both, second], { amount: 3 })));
      expect(above).toEqual({
        outcome: 'counted',
        forced: [
          { limit: settledIn('current', both.limits[1]), used: 6 },
          { limit: settledIn('current', second.limits[0]), used: 6 },
        ],
      });
    });

    it('calls nothing forced that has room, or that only observes', async () => {
      const { store } = scene();
      const observed = counter([daily(1, { enforced: false })], { name: 'observed' });
      const counters = [second, observed];
      const fits = await store.settle(settling('count', taking(counters, { amount: 5 })));
      expect(fits).toEqual({ outcome: 'counted' });
    });

    it('counts once, however often it is done', async () => {
      const { store } = scene();
      const pending = settling('count', taking([both]));
      await store.settle(pending);
      expect(await store.settle(pending)).toEqual({ outcome: 'already-counted' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('counts nothing when the take had arrived after all', async () => {
      const { store } = scene();
      const taken = taking([both]);
      await store.take(taken);
      expect(await store.settle(settling('count', taken))).toEqual({ outcome: 'already-counted' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('counts nothing when another attempt of the operation had counted', async () => {
      const { store } = scene();
      await store.take(taking([both], { operation: operation('o1') }));
      const pending = settling('count', taking([both], { operation: operation('o1') }));
      expect(await store.settle(pending)).toEqual({ outcome: 'already-counted' });
    });

    it('is replayed by a take that comes later', async () => {
      const { store } = scene();
      const pending = taking([both]);
      await store.settle(settling('count', pending));
      expect(await store.take(pending)).toEqual(replayed(used(1, 1)));
    });

    it('conflicts with other content under the same id', async () => {
      const { store } = scene();
      await store.take(taking([both], { operation: operation('o1', '1') }));
      const other = settling('count', taking([both], { operation: operation('o1', '2') }));
      expect(await store.settle(other)).toEqual({ outcome: 'conflict' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('counts an attempt that had been voided in error', async () => {
      const { store } = scene();
      const settled = taking([both]);
      await store.settle(settling('void', settled));
      expect(await store.settle(settling('count', settled))).toEqual({ outcome: 'counted' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('counts in the window it was decided in, and not in a later one', async () => {
      const { underTest, store } = scene();
      await store.take(taking([both]));
      const later = await underTest.at(nextHour);
      await later.take(taking([bothLater]));
      expect(await later.settle(settling('count', taking([both], { amount: 2 })))).toEqual({
        outcome: 'counted',
      });
      expect(await later.read({ counters: [bothLater] })).toMatchObject({ counts: used(4, 1) });
    });

    it('is late for a window that a clock has left and was set back to', async () => {
      const { underTest } = scene();
      const offered = { at: MIDNIGHT - 1 };
      const around = counter([daily(10, offered), hourly(3, offered)]);
      await (await underTest.at(MIDNIGHT + 60_000)).take(taking([around]));
      const setBack = await underTest.at(MIDNIGHT - 60_000);
      expect(await setBack.settle(settling('count', taking([around])))).toEqual({ outcome: 'late' });
      expect(await setBack.read({ counters: [around] })).toMatchObject({
        counts: [{ used: 1 }, { used: 1 }],
      });
    });

    it('counts in the next window where it was decided in that', async () => {
      const { store } = scene();
      const behind = counter([daily(10), hourly(3, { at: NOON - HOUR_MS })]);
      await store.settle(settling('count', taking([behind]), { h: 'next' }));
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1, 1) });
    });

    it('is late when every window is over, and remembered all the same', async () => {
      const { underTest } = scene();
      const tomorrow = NOON + 20 * HOUR_MS;
      const later = await underTest.at(tomorrow);
      const pending = taking([both], { operation: operation('o1') });
      expect(await later.settle(settling('count', pending))).toEqual({ outcome: 'late' });
      expect(await later.settle(settling('count', pending))).toEqual({ outcome: 'already-counted' });
      const current = counter([daily(10, { at: tomorrow }), hourly(3, { at: tomorrow })]);
      const again = taking([current], { operation: operation('o1') });
      expect(await later.take(again)).toEqual(replayed(used(0, 0)));
    });

    it('is remembered for a day from when it was decided, however often it is settled or repeated', async () => {
      const { underTest } = scene();
      const pending = taking([both], { operation: operation('o1') });
      const at = async (afterMs: number) => underTest.at(NOON + afterMs);
      const settledAt = async (afterMs: number) =>
        (await (await at(afterMs)).settle(settling('count', pending))).outcome;
      expect(await settledAt(MINUTE_MS)).toBe('counted');
      expect(await settledAt(20 * MINUTE_MS)).toBe('already-counted');
      const repeated = taking([both], { operation: operation('o1') });
      expect(await (await at(30 * MINUTE_MS)).take(repeated)).toMatchObject({ outcome: 'replayed' });
      expect(await settledAt(REMEMBER_SETTLED_MS - MINUTE_MS)).toBe('already-counted');
      const tomorrow = NOON + REMEMBER_SETTLED_MS + MINUTE_MS;
      const then = counter([daily(10, { at: tomorrow }), hourly(3, { at: tomorrow })]);
      const again = taking([then], { operation: operation('o1') });
      expect(await (await underTest.at(tomorrow)).take(again)).toMatchObject({ outcome: 'taken' });
    });

    it('makes a take be remembered for as long, which it might be settled against', async () => {
      const { underTest, store } = scene();
      const pending = taking([both], { operation: operation('o1') });
      await store.take(taking([both], { operation: operation('o1') }));
      expect((await store.settle(settling('count', pending))).outcome).toBe('already-counted');
      const later = await underTest.at(NOON + REMEMBER_MS + MINUTE_MS);
      expect((await later.settle(settling('count', pending))).outcome).toBe('already-counted');
    });

    it('starts a window for those who take later', async () => {
      const { underTest } = scene();
      const later = await underTest.at(nextHour);
      await later.settle(settling('count', taking([bothLater], { amount: 3 })));
      expect(await later.take(taking([bothLater]))).toEqual({ outcome: 'refused', counts: used(3, 3) });
    });
  });
}
