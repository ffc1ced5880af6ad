import { describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import { type CounterRef, REMEMBER_MS } from '@sundial/engine/ports';
import type { StoreScene } from './store.contract.js';
import { counter, daily, hourly, MAX_AMOUNT, MINUTE_MS, NOON, operation } from './store-requests.js';
import { replayed, taking, used } from './store-requests.js';

export function takeContract(scene: () => StoreScene): void {
  const perUser = counter([daily(10), hourly(3)], { name: 'per-user' });
  const perGrade = counter([daily(5)], { name: 'per-grade' });

  describe('taking', () => {
    it('counts in every limit of every counter', async () => {
      const { store } = scene();
      const counters = [perUser, perGrade];
      expect(await store.take(taking(counters))).toEqual({ outcome: 'taken', counts: used(1, 1, 1) });
      expect(await store.take(taking(counters, { amount: 2 }))).toEqual({
        outcome: 'taken',
        counts: used(3, 3, 3),
      });
    });

    it('takes up to the limit exactly', async () => {
      const { store } = scene();
      const outcomes: string[] = [];
      for (let i = 0; i < 5; i++) outcomes.push((await store.take(taking([perUser]))).outcome);
      expect(outcomes).toEqual(['taken', 'taken', 'taken', 'refused', 'refused']);
    });

    it('counts in none when one limit of the last counter has no room, and reports them all', async () => {
      const { store } = scene();
      await store.take(taking([perGrade], { amount: 4 }));
      expect(await store.take(taking([perUser, perGrade], { amount: 2 }))).toEqual({
        outcome: 'refused',
        counts: used(0, 0, 4),
      });
      expect(await store.read({ counters: [perUser] })).toEqual({ outcome: 'read', counts: used(0, 0) });
    });

    it('counts in none when the second of two limits has no room', async () => {
      const { store } = scene();
      expect(await store.take(taking([perUser], { amount: 4 }))).toEqual({
        outcome: 'refused',
        counts: used(0, 0),
      });
    });

    it('refuses without writing anything anywhere', async () => {
      await scene().store.take(taking([perUser, perGrade], { amount: 3 }));
      await leavesUnchanged(async (store) => {
        const { outcome } = await store.take(taking([perUser, perGrade]));
        expect(outcome).toBe('refused');
      });
    });

    it('only looks with amount 0, and writes nothing', async () => {
      await scene().store.take(taking([perUser], { amount: 3 }));
      await leavesUnchanged(async (store) => {
        const look = await store.take(taking([perUser, perGrade], { amount: 0 }));
        expect(look).toEqual({ outcome: 'taken', counts: used(3, 3, 0) });
      });
    });

    it('never refuses a look, also where more is used than the limit has become', async () => {
      const { store } = scene();
      await store.take(taking([perUser], { amount: 3 }));
      const lowered = counter([daily(2)], { name: 'per-user' });
      expect(await store.take(taking([lowered], { amount: 0 }))).toEqual({
        outcome: 'taken',
        counts: used(3),
      });
    });

    it('takes amounts up to 2^53−1, and not one more', async () => {
      const { store } = scene();
      const huge = counter([daily(MAX_AMOUNT)]);
      await store.take(taking([huge], { amount: MAX_AMOUNT - 1 }));
      expect(await store.take(taking([huge], { amount: MAX_AMOUNT }))).toEqual({
        outcome: 'refused',
        counts: used(MAX_AMOUNT - 1),
      });
      expect(await store.take(taking([huge]))).toEqual({ outcome: 'taken', counts: used(MAX_AMOUNT) });
      expect((await store.take(taking([huge]))).outcome).toBe('refused');
    });

    it('counts beyond a limit that only observes, and never refuses for it', async () => {
      const { store } = scene();
      const observed = counter([daily(1, { enforced: false }), hourly(2)]);
      await store.take(taking([observed], { amount: 2 }));
      expect(await store.take(taking([observed]))).toEqual({ outcome: 'refused', counts: used(2, 2) });
      const only = counter([daily(1, { enforced: false })]);
      expect(await store.take(taking([only]))).toEqual({ outcome: 'taken', counts: used(3) });
    });

    it('counts to 2^53−1 at most where it only observes', async () => {
      const { store } = scene();
      const observed = counter([daily(0, { enforced: false })]);
      await store.take(taking([observed], { amount: MAX_AMOUNT }));
      expect(await store.take(taking([observed], { amount: MAX_AMOUNT }))).toEqual({
        outcome: 'taken',
        counts: used(MAX_AMOUNT),
      });
    });

    it('refuses everything but a look where the limit is 0', async () => {
      const { store } = scene();
      const closed = counter([daily(0)]);
      expect((await store.take(taking([closed]))).outcome).toBe('refused');
      expect((await store.take(taking([closed], { amount: 0 }))).outcome).toBe('taken');
    });

    it('keeps what was counted when only the limit changes', async () => {
      const { store } = scene();
      await store.take(taking([counter([daily(2)])], { amount: 2 }));
      expect(await store.take(taking([counter([daily(3)])]))).toEqual({ outcome: 'taken', counts: used(3) });
    });

    it('never takes more than the limit, however many ask at once', async () => {
      const { store } = scene();
      const asked = Array.from({ length: 250 }, () => store.take(taking([perUser, perGrade])));
      const results = await Promise.all(asked);
      expect(results.filter(({ outcome }) => outcome === 'taken')).toHaveLength(3);
      expect(await store.read({ counters: [perUser, perGrade] })).toMatchObject({ counts: used(3, 3, 3) });
    });

    it('decides checks that are asked together as if they had been asked one after the other', async () => {
      const { store } = scene();
      const asked = [3, 1, 2].map((amount) => store.take(taking([perUser, perGrade], { amount })));
      const results = await Promise.all(asked);
      expect(results.map(({ outcome }) => outcome)).toEqual(['taken', 'refused', 'refused']);
    });
  });

  describe('an operation', () => {
    it('counts once, however often it is taken', async () => {
      const { store } = scene();
      const first = taking([perUser], { operation: operation('o1') });
      const again = taking([perUser], { operation: operation('o1') });
      expect((await store.take(first)).outcome).toBe('taken');
      expect(await store.take(again)).toEqual(replayed(used(1, 1)));
      expect(await store.take(first)).toEqual(replayed(used(1, 1)));
    });

    it('counts once when it is asked twice at once', async () => {
      const { store } = scene();
      const both = ['o1', 'o1'].map((id) => store.take(taking([perUser], { operation: operation(id) })));
      const results = await Promise.all(both);
      expect(results.map(({ outcome }) => outcome).sort()).toEqual(['replayed', 'taken']);
      expect(await store.read({ counters: [perUser] })).toMatchObject({ counts: used(1, 1) });
    });

    it('is replayed also where no room is left', async () => {
      const { store } = scene();
      await store.take(taking([perUser], { operation: operation('o1'), amount: 3 }));
      const again = taking([perUser], { operation: operation('o1'), amount: 3 });
      expect(await store.take(again)).toEqual(replayed(used(3, 3)));
    });

    // One that was repeated often enough lived for ever, over midnights.
    it('is remembered from when it was counted, however often it is repeated, and its neighbours are counted', async () => {
      const { underTest } = scene();
      const ask = async (afterMs: number, id = 'o1') => {
        const store = await underTest.at(NOON + afterMs);
        return (await store.take(taking([perUser], { operation: operation(id) }))).outcome;
      };
      expect(await ask(0)).toBe('taken');
      expect(await ask(8 * MINUTE_MS)).toBe('replayed');
      expect(await ask(9 * MINUTE_MS, 'o2')).toBe('taken');
      expect(await ask(REMEMBER_MS - MINUTE_MS)).toBe('replayed');
      expect(await ask(REMEMBER_MS + MINUTE_MS)).toBe('taken');
      expect(await ask(REMEMBER_MS + MINUTE_MS, 'o2')).toBe('replayed');
    });

    it('is replayed with the limits as they are now', async () => {
      const { store } = scene();
      await store.take(taking([perUser], { operation: operation('o1') }));
      await store.take(taking([perUser]));
      const again = taking([perUser], { operation: operation('o1') });
      expect(await store.take(again)).toEqual(replayed(used(2, 2)));
    });

    it('conflicts with other content under its id, which counts nothing', async () => {
      await scene().store.take(taking([perUser], { operation: operation('o1', '1') }));
      await leavesUnchanged(async (store) => {
        const other = taking([perUser], { operation: operation('o1', '2') });
        expect(await store.take(other)).toEqual({ outcome: 'conflict' });
      });
    });

    it('conflicts also where no room is left', async () => {
      const { store } = scene();
      await store.take(taking([perUser], { operation: operation('o1', '1'), amount: 3 }));
      const other = taking([perUser], { operation: operation('o1', '2') });
      expect(await store.take(other)).toEqual({ outcome: 'conflict' });
    });

    it('is not remembered when it was refused', async () => {
      const { store } = scene();
      const tooMuch = taking([perUser], { operation: operation('o1', '1'), amount: 4 });
      expect((await store.take(tooMuch)).outcome).toBe('refused');
      const other = taking([perUser], { operation: operation('o1', '2') });
      expect((await store.take(other)).outcome).toBe('taken');
    });

    it('is neither remembered nor looked up when it only looks', async () => {
      const { store } = scene();
      await store.take(taking([perUser], { operation: operation('o1', '1'), amount: 0 }));
      expect((await store.take(taking([perUser], { operation: operation('o1', '2') }))).outcome).toBe(
        'taken',
      );
      const look = taking([perUser], { operation: operation('o1', '3'), amount: 0 });
      expect(await store.take(look)).toEqual({ outcome: 'taken', counts: used(1, 1) });
    });

    it('may have any id of printable characters', async () => {
      const { store } = scene();
      const ids = ['{}', '}{', ' ', '~', 'a'.repeat(128), '!bang', '../..', '"\\', '*', 'op:op', '0 0 0'];
      for (const id of ids) {
        expect((await store.take(taking([free], { operation: operation(id, '1') }))).outcome).toBe('taken');
        expect((await store.take(taking([free], { operation: operation(id, '1') }))).outcome).toBe(
          'replayed',
        );
        expect((await store.take(taking([free], { operation: operation(id, '2') }))).outcome).toBe(
          'conflict',
        );
      }
      expect(await store.read({ counters: [free] })).toMatchObject({ counts: used(ids.length) });
    });
  });

  describe('a deadline', () => {
    it('lets a take that starts later write nothing', async () => {
      await scene().store.take(taking([perUser]));
      await leavesUnchanged(async (store) => {
        const late = taking([perUser], { deadlineAt: NOON - 1 });
        expect(await store.take(late)).toEqual({ outcome: 'expired' });
      });
    });

    it('is each take’s own, also among those that are asked together', async () => {
      const { store } = scene();
      const results = await Promise.all([
        store.take(taking([perUser])),
        store.take(taking([perUser], { deadlineAt: NOON - 1 })),
        store.take(taking([perUser], { deadlineAt: NOON + 60_000 })),
      ]);
      expect(results.map(({ outcome }) => outcome)).toEqual(['taken', 'expired', 'taken']);
    });
  });

  describe('reading', () => {
    it('answers what is used and writes nothing', async () => {
      await scene().store.take(taking([perUser], { amount: 2 }));
      await leavesUnchanged(async (store) => {
        const read = await store.read({ counters: [perUser, perGrade] });
        expect(read).toEqual({ outcome: 'read', counts: used(2, 2, 0) });
      });
    });

    it('answers what is used also where that is more than the limit has become', async () => {
      const { store } = scene();
      await store.take(taking([perUser], { amount: 3 }));
      const lowered = counter([daily(1), hourly(1)], { name: 'per-user' });
      expect(await store.read({ counters: [lowered] })).toEqual({ outcome: 'read', counts: used(3, 3) });
    });
  });

  const free: CounterRef = counter([daily(1_000)]);

  /** Runs some calls at noon and compares all that is written before and after them. */
  async function leavesUnchanged(calls: (store: Store) => Promise<void>): Promise<void> {
    const { underTest } = scene();
    const before = await underTest.contents();
    expect(before).not.toBe('');
    await calls(await underTest.at(NOON));
    expect(await underTest.contents()).toBe(before);
  }
}
