import { describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import type { StoreScene } from './store.contract.js';
import { counter, daily, GROUPS, HOUR_MS, hourly, MAX_AMOUNT, NOON, ofMeter } from './store-requests.js';
import { operation, replayed, settledIn, settling, taking, used } from './store-requests.js';

/** What a store does with operations that take of several meters: calls, tokens and money. */
export function metersContract(scene: () => StoreScene): void {
  const calls = daily(3);
  const tokens = ofMeter('tokens', daily(100));
  const hourlyTokens = ofMeter('tokens', hourly(60));
  const money = ofMeter('cny_micros', daily(5_000));
  const chat = counter([calls, tokens, hourlyTokens, money], { name: 'chat' });

  describe('several meters', () => {
    it('are counted together, each by what it takes', async () => {
      const { store } = scene();
      const first = taking([chat], { amounts: { tokens: 40, cny_micros: 1_200 } });
      expect(await store.take(first)).toEqual({ outcome: 'taken', counts: used(1, 40, 40, 1_200) });
      const second = taking([chat], { amount: 2, amounts: { tokens: 20 } });
      expect(await store.take(second)).toEqual({ outcome: 'taken', counts: used(3, 60, 60, 1_200) });
      expect(await store.read({ counters: [chat] })).toEqual({
        outcome: 'read',
        counts: used(3, 60, 60, 1_200),
      });
    });

    // A gateway had one amount for all counters, so that one call was one token.
    it('refuse together: where one has no room none counts, and nothing is written', async () => {
      await scene().store.take(taking([chat], { amounts: { tokens: 40, cny_micros: 4_000 } }));
      await leavesUnchanged(async (store) => {
        const tooMuch: Record<string, number>[] = [
          { tokens: 21 },
          { cny_micros: 1_001 },
          { tokens: 20, cny_micros: 1_001 },
        ];
        for (const amounts of tooMuch)
          expect(await store.take(taking([chat], { amounts }))).toEqual({
            outcome: 'refused',
            counts: used(1, 40, 40, 4_000),
          });
        expect((await store.take(taking([chat], { amount: 3, amounts: { tokens: 1 } }))).outcome).toBe(
          'refused',
        );
      });
    });

    it('refuse nothing where 0 is taken of them, however much is used', async () => {
      const { store } = scene();
      const lowered = counter([calls, ofMeter('tokens', daily(0)), hourlyTokens, money], { name: 'chat' });
      await store.take(taking([chat], { amounts: { tokens: 40 } }));
      expect(await store.take(taking([lowered]))).toEqual({ outcome: 'taken', counts: used(2, 40, 40, 0) });
      const ofNone = taking([lowered], { amounts: { tokens: 0, cny_micros: 7 } });
      expect(await store.take(ofNone)).toEqual({ outcome: 'taken', counts: used(3, 40, 40, 7) });
      expect((await store.take(taking([lowered], { amounts: { tokens: 1 } }))).outcome).toBe('refused');
      // Of calls, which are used up, it takes none.
      expect(await store.take(taking([lowered], { amount: 0, amounts: { cny_micros: 1 } }))).toEqual({
        outcome: 'taken',
        counts: used(3, 40, 40, 8),
      });
    });

    it('are taken up to the limit exactly, however many ask at once', async () => {
      const { store } = scene();
      const asked = Array.from({ length: 40 }, () =>
        store.take(taking([chat], { amount: 0, amounts: { tokens: 7 } })),
      );
      const results = await Promise.all(asked);
      expect(results.filter(({ outcome }) => outcome === 'taken')).toHaveLength(8);
      expect(await store.read({ counters: [chat] })).toMatchObject({ counts: used(0, 56, 56, 0) });
    });

    it('are decided one after the other where checks with different amounts are asked together', async () => {
      const { store } = scene();
      const asked = [{ tokens: 50 }, { tokens: 11 }, undefined, { tokens: 10 }, { tokens: 1 }].map(
        (amounts) => store.take(taking([chat], { amount: 0, amounts })),
      );
      const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['taken', 'refused', 'taken', 'taken', 'refused']);
    });

    it('that no limit counts are no matter, and what takes only of these is remembered all the same', async () => {
      const { store } = scene();
      const take = () =>
        taking([chat], { amount: 0, amounts: { pages: 3 }, operation: operation('o1', '0+pages=3') });
      expect(await store.take(take())).toEqual({ outcome: 'taken', counts: used(0, 0, 0, 0) });
      expect(await store.take(take())).toEqual(replayed(used(0, 0, 0, 0)));
    });

    it('may have any name, also one that every object inherits', async () => {
      const { store } = scene();
      const names = ['constructor', 'toString', 'a.b:c_d-e', '0', 'x'.repeat(128), 'units2'];
      const odd = counter(
        names.map((name) => ofMeter(name, daily(9))),
        { name: 'odd' },
      );
      expect(await store.take(taking([odd]))).toEqual({
        outcome: 'taken',
        counts: used(...names.map(() => 0)),
      });
      const amounts = Object.fromEntries(names.map((name, index) => [name, index + 1]));
      expect(await store.take(taking([odd], { amounts }))).toEqual({
        outcome: 'taken',
        counts: used(1, 2, 3, 4, 5, 6),
      });
      expect(await store.read({ counters: [odd] })).toMatchObject({ counts: used(1, 2, 3, 4, 5, 6) });
    });

    it('may be in sixteen limits of a counter', async () => {
      const { store } = scene();
      const names = Array.from({ length: 8 }, (_, index) => `meter-${index}`);
      const wide = counter(
        names.flatMap((name) => [ofMeter(name, daily(9)), ofMeter(name, hourly(5))]),
        { name: 'wide' },
      );
      const amounts = Object.fromEntries(names.map((name, index) => [name, index % 3]));
      const each = names.flatMap((_, index) => [index % 3, index % 3]);
      expect(await store.take(taking([wide], { amounts }))).toEqual({
        outcome: 'taken',
        counts: used(...each),
      });
      expect(await store.take(taking([wide], { amounts }))).toEqual({
        outcome: 'taken',
        counts: used(...each.map((units) => 2 * units)),
      });
      expect((await store.take(taking([wide], { amounts: { 'meter-2': 2 } }))).outcome).toBe('refused');
    });

    it('count to 2^53−1 at most where they only observe', async () => {
      const { store } = scene();
      const observed = counter([calls, ofMeter('tokens', daily(0, { enforced: false }))]);
      for (let n = 1; n <= 2; n++)
        expect(await store.take(taking([observed], { amounts: { tokens: MAX_AMOUNT } }))).toEqual({
          outcome: 'taken',
          counts: used(n, MAX_AMOUNT),
        });
    });

    it('go on in the next window, each in its own', async () => {
      const { underTest } = scene();
      await (await underTest.at(NOON)).take(taking([chat], { amounts: { tokens: 60 } }));
      const store = await underTest.at(NOON + HOUR_MS);
      const take = taking([chat], { amounts: { tokens: 30, cny_micros: 5 } });
      const counts = [...used(2, 90), { ...used(0)[0]!, windowIndex: 'next', used: 30 } as const, ...used(5)];
      expect(await store.take(take)).toEqual({ outcome: 'taken', counts });
      // Without tokens, too: it only leaves theirs as they are.
      expect((await store.take(taking([chat]))).outcome).toBe('taken');
      expect((await store.take(taking([chat], { amount: 0, amounts: { tokens: 11 } }))).outcome).toBe(
        'refused',
      );
    });
  });

  describe('settling several meters', () => {
    const take = () =>
      taking([chat], { amounts: { tokens: 40, cny_micros: 1_000 }, operation: operation('o1') });

    it('counts each once, and takes each back', async () => {
      const { store } = scene();
      const taken = take();
      expect(await store.settle(settling('count', taken))).toEqual({ outcome: 'counted' });
      expect(await store.settle(settling('count', taken))).toEqual({ outcome: 'already-counted' });
      expect(await store.read({ counters: [chat] })).toMatchObject({ counts: used(1, 40, 40, 1_000) });
      expect(await store.settle(settling('void', taken))).toEqual({ outcome: 'reversed' });
      expect(await store.read({ counters: [chat] })).toMatchObject({ counts: used(0, 0, 0, 0) });
    });

    it('takes back what a take had counted, and nothing of meters that it took none of', async () => {
      const { store } = scene();
      await store.take(taking([chat], { amounts: { tokens: 10 } }));
      const taken = taking([chat], { amount: 0, amounts: { cny_micros: 30 } });
      await store.take(taken);
      expect(await store.settle(settling('void', taken))).toEqual({ outcome: 'reversed' });
      expect(await store.read({ counters: [chat] })).toMatchObject({ counts: used(1, 10, 10, 0) });
    });

    it('counts also above the max, and says of which limits', async () => {
      const { store } = scene();
      const taken = taking([chat], { amounts: { tokens: 80 } });
      const limit = settledIn('current', hourlyTokens);
      expect(await store.settle(settling('count', taken))).toEqual({
        outcome: 'counted',
        forced: [{ limit, used: 80 }],
      });
      const more = await store.settle(settling('count', taking([chat], { amounts: { tokens: 21 } })));
      expect(more.forced).toEqual([
        { limit: settledIn('current', tokens), used: 101 },
        { limit, used: 101 },
      ]);
      // Of tokens it takes none: they are above their max, but not by it.
      const ofMoney = taking([chat], { amount: 0, amounts: { cny_micros: 5_001 } });
      expect((await store.settle(settling('count', ofMoney))).forced).toEqual([
        { limit: settledIn('current', money), used: 5_001 },
      ]);
    });

    it('is late where the windows of all meters that it takes of are over', async () => {
      const { underTest } = scene();
      const both = counter([hourlyTokens, daily(9)], { name: 'both' });
      await (await underTest.at(NOON)).take(taking([both], { amounts: { tokens: 5 } }));
      const store = await underTest.at(NOON + HOUR_MS);
      const ofTokens = taking([both], { amount: 0, amounts: { tokens: 7 } });
      expect(await store.settle(settling('count', ofTokens))).toEqual({ outcome: 'late' });
      expect(await store.settle(settling('count', taking([both], { amounts: { tokens: 7 } })))).toEqual({
        outcome: 'counted',
      });
      expect(await store.read({ counters: [both] })).toMatchObject({
        counts: [{ windowIndex: 'next', used: 0 }, { used: 2 }],
      });
    });
  });

  describe('several meters on several shards', () => {
    const counters = [calls, tokens, money].map((limit, index) =>
      counter([limit], { name: 'one', group: GROUPS[index]! }),
    );

    it('are counted on all or on none', async () => {
      const { store } = scene();
      const take = taking(counters, { amounts: { tokens: 100, cny_micros: 1 } });
      expect(await store.take(take)).toEqual({ outcome: 'taken', counts: used(1, 100, 1) });
      const tooMuch = taking(counters, { amounts: { tokens: 1, cny_micros: 1 } });
      expect(await store.take(tooMuch)).toEqual({ outcome: 'refused', counts: used(1, 100, 1) });
      expect(await store.read({ counters })).toMatchObject({ counts: used(1, 100, 1) });
    });

    it('are given back on the others, each as much as was taken, whichever of them refuses', async () => {
      const { store } = scene();
      const refused = [
        taking(counters, { amount: 4, amounts: { tokens: 50, cny_micros: 70 } }),
        taking(counters, { amount: 2, amounts: { tokens: 101, cny_micros: 70 } }),
        taking(counters, { amount: 2, amounts: { tokens: 50, cny_micros: 5_001 } }),
      ];
      for (const take of refused)
        expect(await store.take(take)).toEqual({ outcome: 'refused', counts: used(0, 0, 0) });
      expect(await store.read({ counters })).toEqual({ outcome: 'read', counts: used(0, 0, 0) });
    });

    it('are replayed also where one of the shards has nothing to count', async () => {
      const { store } = scene();
      const take = () => taking(counters, { amounts: { tokens: 1 }, operation: operation('o1') });
      expect((await store.take(take())).outcome).toBe('taken');
      expect(await store.take(take())).toEqual(replayed(used(1, 1, 0)));
      expect(await store.settle(settling('count', take()))).toEqual({ outcome: 'already-counted' });
    });
  });

  /** Runs some calls at noon and compares all that is written before and after them. */
  async function leavesUnchanged(calls: (store: Store) => Promise<void>): Promise<void> {
    const { underTest } = scene();
    const before = await underTest.contents();
    expect(before).not.toBe('');
    await calls(await underTest.at(NOON));
    expect(await underTest.contents()).toBe(before);
  }
}
