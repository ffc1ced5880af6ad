import { describe, expect, it } from '@jest/globals';
import {
  encodeContent,
  REMEMBER_MS,
  type CounterRef,
  type LimitSpec,
  type TakeRequest,
} from '@sundial/engine/ports';
import { ending, held, reserved, reserving, settlingHold } from './hold-requests.js';
import { total } from './store-holds-windows.contract.js';
import type { StoreScene } from './store.contract.js';
import {
  counter,
  daily,
  DAY_MS,
  hourly,
  MAX_AMOUNT,
  MINUTE_MS,
  NOON,
  ofMeter,
  operation,
  settling,
  taking,
  used,
} from './store-requests.js';

export function reversalsContract(scene: () => StoreScene): void {
  const both = counter([daily(10), hourly(9)]);
  const metered = counter([daily(10), ofMeter('tokens', daily(1_000))], { name: 'metered' });
  const refunding = ({ operation: { id }, counters }: Pick<TakeRequest, 'operation' | 'counters'>) => ({
    operation: { id },
    counters,
    deadlineAt: MAX_AMOUNT,
  });

  describe('refunding an operation', () => {
    it('takes back calls and tokens, once, and says how many', async () => {
      const { store } = scene();
      await store.take(taking([metered]));
      const amounts = { tokens: 300 };
      const content = encodeContent({ amount: 2, amounts });
      const request = taking([metered], { amount: 2, amounts, operation: operation('o1', content) });
      await store.take(request);
      for (let times = 0; times < 2; times++)
        expect(await store.refund(refunding(request))).toEqual({
          outcome: 'refunded',
          amounts: { units: 2, tokens: 300 },
        });
      expect(await store.read({ counters: [metered] })).toMatchObject({ counts: used(1, 0) });
    });

    it('makes its id be refused for another check or reserve', async () => {
      const { store } = scene();
      const request = taking([both], { operation: operation('o1') });
      await store.take(request);
      await store.refund(refunding(request));
      expect(await store.take(taking([both], { operation: operation('o1') }))).toEqual({
        outcome: 'refunded',
      });
      expect(await store.take(reserving([both], { id: 'o1' }))).toEqual({ outcome: 'refunded' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('touches no later window', async () => {
      const { underTest } = scene();
      const MIDNIGHT = Math.floor(NOON / DAY_MS) * DAY_MS + DAY_MS;
      const [before, after] = [MIDNIGHT - MINUTE_MS, MIDNIGHT + MINUTE_MS];
      const on = (at: number) => counter([daily(10, { at })]);
      const request = taking([on(before)], { operation: operation('o1') });
      await (await underTest.at(before)).take(request);
      const store = await underTest.at(after);
      await store.take(taking([on(after)]));
      expect(await store.refund(refunding({ ...request, counters: [on(after)] }))).toMatchObject({
        outcome: 'refunded',
      });
      expect(await store.read({ counters: [on(after)] })).toMatchObject({ counts: used(1) });
    });

    it('is not-found of what was never counted, was refused, or is no longer remembered', async () => {
      const { underTest, store } = scene();
      expect(await store.refund(refunding(taking([both])))).toEqual({ outcome: 'not-found' });
      const refused = taking([both], { amount: 11 });
      await store.take(refused);
      expect(await store.refund(refunding(refused))).toEqual({ outcome: 'not-found' });
      const counted = taking([both], { operation: operation('o1') });
      await store.take(counted);
      const later = await underTest.at(NOON + REMEMBER_MS + MINUTE_MS);
      expect(await later.refund(refunding(counted))).toEqual({ outcome: 'not-found' });
    });

    it('reverses what a reservation committed, and answers held before that', async () => {
      const { store } = scene();
      const request = reserving([metered], { amounts: { tokens: 500 } });
      await reserved(store, request);
      expect(await store.refund(refunding(request))).toEqual({ outcome: 'held' });
      await store.endHold(ending(request, { kind: 'commit', amounts: { tokens: 120 } }));
      for (let times = 0; times < 2; times++)
        expect(await store.refund(refunding(request))).toEqual({
          outcome: 'refunded',
          amounts: { units: 1, tokens: 120 },
        });
      expect(await store.read({ counters: [metered] })).toMatchObject({ counts: used(0, 0) });
      expect(await store.take(request)).toEqual({ outcome: 'refunded' });
    });

    it('names no meter of which nothing was committed, but for units', async () => {
      const { store } = scene();
      const request = reserving([metered], { amounts: { tokens: 500 } });
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'commit', amount: 0, amounts: { tokens: 0 } }));
      expect(await store.refund(refunding(request))).toEqual({ outcome: 'refunded', amounts: { units: 0 } });
    });

    it('reverses what an expiry committed, and nothing of what was released', async () => {
      const { underTest, store } = scene();
      const [committed, released] = [reserving([both], { amount: 2, onExpiry: 'commit' }), reserving([both])];
      await reserved(store, committed);
      await reserved(store, released);
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.refund(refunding(released))).toEqual({ outcome: 'not-found' });
      expect(await later.refund(refunding(committed))).toEqual({
        outcome: 'refunded',
        amounts: { units: 2 },
      });
      expect(await later.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('that was decided without the store settles in any order with what it refunds', async () => {
      const { store } = scene();
      const [first, later] = [taking([both]), taking([both])];
      await store.settle(settling('count', first));
      expect(await store.settle(settling('refund', first))).toEqual({ outcome: 'reversed' });
      expect(await store.settle(settling('refund', later))).toEqual({ outcome: 'voided' });
      expect(await store.settle(settling('count', later))).toMatchObject({ outcome: 'already-counted' });
      expect(await store.take(later)).toEqual({ outcome: 'refunded' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(0, 0) });
    });

    it('that was decided without the store releases what is held, and its ending comes too late', async () => {
      const { underTest, store } = scene();
      const request = reserving([both], { amount: 3, onExpiry: 'commit' });
      const { at } = await reserved(store, request);
      expect(await store.settle(settling('refund', request))).toEqual({ outcome: 'reversed' });
      expect(await store.settle(settling('refund', request))).toEqual({ outcome: 'reversed' });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([0, 0], [0, 0]) });
      expect(await store.endHold(ending(request, { kind: 'look' }))).toMatchObject({
        reservation: { state: 'released' },
      });
      await store.settle(settlingHold('commit', request, { takenAt: at, isDegraded: false }));
      expect(await store.take(request)).toEqual({ outcome: 'refunded' });
      const later = await underTest.at(NOON + 2 * MINUTE_MS);
      expect(await later.read({ counters: [both] })).toMatchObject({ counts: held([0, 0], [0, 0]) });
    });

    it('that was decided without the store keeps the id of what was released from being used again', async () => {
      const { store } = scene();
      const request = reserving([both]);
      await reserved(store, request);
      await store.endHold(ending(request, { kind: 'release' }));
      expect(await store.settle(settling('refund', request))).toEqual({ outcome: 'voided' });
      expect(await store.take(request)).toEqual({ outcome: 'refunded' });
    });
  });

  describe('giving back', () => {
    const seats = counter([total(5)], { name: 'seats' });
    const returning = (id: string, amount = 1, counters: readonly CounterRef[] = [seats]) => ({
      ...taking(counters, { amount, operation: operation(id, encodeContent({ amount })) }),
    });

    it('lowers what is used, once under an operation id', async () => {
      const { store } = scene();
      await store.take(taking([seats], { amount: 4 }));
      expect(await store.giveBack(returning('r1', 3))).toEqual({ outcome: 'returned', counts: held([1, 0]) });
      expect(await store.giveBack(returning('r1', 3))).toEqual({ outcome: 'replayed', counts: held([1, 0]) });
      expect(await store.giveBack(returning('r1', 1))).toEqual({ outcome: 'conflict' });
      expect(await store.take(taking([seats], { operation: operation('r1') }))).toEqual({
        outcome: 'conflict',
      });
    });

    it('gives back nothing where less is used, or only held', async () => {
      const { store } = scene();
      await store.take(taking([seats]));
      await reserved(store, reserving([seats], { amount: 3 }));
      expect(await store.giveBack(returning('r1', 2))).toEqual({
        outcome: 'nothing-to-return',
        counts: held([1, 3]),
      });
      expect(await store.giveBack(returning('r1', 1))).toEqual({ outcome: 'returned', counts: held([0, 3]) });
    });

    it('gives back to all counters or to none, and leaves their other windows', async () => {
      const { store } = scene();
      const more = counter([total(9), daily(9)], { name: 'more' });
      await store.take(taking([seats, more], { amount: 2 }));
      await store.take(taking([more], { amount: 2 }));
      const totals = { ...more, limits: [more.limits[0]!] };
      expect(await store.giveBack(returning('r1', 3, [seats, totals]))).toMatchObject({
        outcome: 'nothing-to-return',
      });
      expect(await store.giveBack(returning('r2', 2, [seats, totals]))).toMatchObject({
        outcome: 'returned',
      });
      expect(await store.read({ counters: [seats, more] })).toMatchObject({ counts: used(0, 2, 4) });
    });
  });

  describe('setting what is used', () => {
    const setting = (counters: readonly CounterRef[], ...setTo: number[]) => ({
      counters: counters.map((one) => ({
        ...one,
        limits: one.limits.map((limit: LimitSpec, index) => ({ ...limit, setTo: setTo[index] ?? 0 })),
      })),
      deadlineAt: MAX_AMOUNT,
    });

    it('sets the windows of now, up or down, and leaves what is held', async () => {
      const { store } = scene();
      await store.take(taking([both], { amount: 3 }));
      await reserved(store, reserving([both], { amount: 2 }));
      expect(await store.setUsage(setting([both], 7, 0))).toMatchObject({
        outcome: 'set',
        counts: held([7, 2], [0, 2]),
      });
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: held([7, 2], [0, 2]) });
    });

    it('seeds a counter that is not there, and leaves limits that it does not name', async () => {
      const { store } = scene();
      await store.setUsage(setting([{ ...both, limits: [both.limits[0]!] }], 9));
      expect(await store.take(taking([both]))).toEqual({ outcome: 'taken', counts: used(10, 1) });
      expect(await store.take(taking([both]))).toMatchObject({ outcome: 'refused' });
      await store.setUsage(setting([{ ...both, limits: [both.limits[1]!] }], 4));
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(10, 4) });
    });
  });
}
