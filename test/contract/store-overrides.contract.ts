import { describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import type { CounterRef, LimitOverride, LimitSpec, OverrideKeeper } from '@sundial/engine/ports';
import type { StoreScene } from './store.contract.js';
import { counter, daily, DAY_MS, GROUPS, HOUR_MS, hourly, NOON, ofMeter } from './store-requests.js';
import { MAX_AMOUNT, operation, settling, taking, used } from './store-requests.js';
import { reserving } from './hold-requests.js';

/** What a store does with a subject that has its own max. */
export function overridesContract(scene: () => StoreScene): void {
  const limits = [daily(2), hourly(3)];
  const one = counter(limits);
  const of = (n: number) => counter(limits, { name: `many:user=u${n}` });

  async function set(
    fields: Readonly<Record<string, LimitOverride>>,
    { of: where = one, from, until, store = scene().store }: SetOptions = {},
  ): Promise<readonly (string | undefined)[]> {
    const terms = { from, until, limits: new Map(Object.entries(fields)) };
    const override = { terms, text: JSON.stringify(fields) };
    return keeperOf(store).write('rule', [{ counter: where, name: nameOf(where), override }]);
  }

  const taken = async (store: Store, counters: readonly CounterRef[], amount = 1) =>
    (await store.take(taking(counters, { amount }))).outcome;

  describe('overrides', () => {
    it('are in force for the next take: more, less, nothing and no max', async () => {
      const { store } = scene();
      expect(await taken(store, [one], 2)).toBe('taken');
      expect(await taken(store, [one])).toBe('refused');
      await set({ d: { set: 4 }, h: { add: 1 } });
      expect(await store.take(taking([one], { amount: 2 }))).toMatchObject({
        outcome: 'taken',
        counts: [
          { used: 4, reserved: 0, override: { set: 4 } },
          { used: 4, reserved: 0, override: { add: 1 } },
        ],
      });
      expect(await taken(store, [one])).toBe('refused');
      await set({ d: { set: null }, h: { set: null } });
      expect(await taken(store, [one], 1_000)).toBe('taken');
      await set({ d: { set: 0 } });
      expect(await taken(store, [one])).toBe('refused');
      const [{ counts }] = [(await store.read({ counters: [one] })) as { counts: readonly object[] }];
      expect(counts).toMatchObject([{ used: 1_004, override: { set: 0 } }, { used: 1_004 }]);
      expect(counts[1]).not.toHaveProperty('override');
    });

    it('leave other subjects as they are, whose counters are decided in the same call', async () => {
      const { store } = scene();
      await set({ d: { set: 3 } }, { of: of(1) });
      const asked = [of(0), of(1), of(2)].map((each) => store.take(taking([each], { amount: 3 })));
      const results = await Promise.all(asked);
      expect(results.map(({ outcome }) => outcome)).toEqual(['refused', 'taken', 'refused']);
      expect(results[0]).toEqual({ outcome: 'refused', counts: used(0, 0) });
      expect(await store.read({ counters: [of(0)] })).toEqual({ outcome: 'read', counts: used(0, 0) });
    });

    it('hold from their beginning to their end, by the clock of the store', async () => {
      const { underTest } = scene();
      await set({ d: { set: 5 } }, { from: NOON + HOUR_MS / 4, until: NOON + HOUR_MS / 2 });
      expect(await taken(scene().store, [one], 3)).toBe('refused');
      expect(await taken(await underTest.at(NOON + HOUR_MS / 4 + 1_000), [one], 3)).toBe('taken');
      const after = await underTest.at(NOON + HOUR_MS / 2);
      expect(await taken(after, [one], 1)).toBe('refused');
      expect(await after.read({ counters: [one] })).toEqual({ outcome: 'read', counts: used(3, 3) });
    });

    it('are kept while windows open and pass', async () => {
      const { underTest } = scene();
      await set({ d: { set: 5 } });
      const at = NOON + 3 * DAY_MS;
      const later = counter([daily(2, { at }), hourly(9, { at })]);
      const store = await underTest.at(at);
      expect(await taken(store, [later], 5)).toBe('taken');
      expect(await taken(store, [later], 1)).toBe('refused');
    });

    it('count for what is held, too', async () => {
      const { store } = scene();
      await set({ d: { set: 4 }, h: { set: 4 } });
      const hold = { ttlMs: 60_000, onExpiry: 'release' } as const;
      const held = taking([one], { amount: 3, hold, operation: operation('held', '3') });
      expect(await store.take(held)).toMatchObject({
        outcome: 'taken',
        counts: [{ used: 0, reserved: 3, override: { set: 4 } }, { reserved: 3 }],
      });
      const extension = (amount: number) =>
        store.endHold({
          operation: held.operation,
          counters: [one],
          deadlineAt: Number.MAX_SAFE_INTEGER,
          ending: { kind: 'extend', amount },
        });
      expect(await extension(5)).toMatchObject({
        outcome: 'refused',
        counts: [{ override: { set: 4 } }, {}],
      });
      expect(await extension(4)).toMatchObject({ outcome: 'extended', counts: [{ reserved: 4 }, {}] });
      expect(await taken(store, [one])).toBe('refused');
    });

    it('leave what a node has allowed without the store, and not settled yet', async () => {
      const { store } = scene();
      const by = (units: number, limit: LimitSpec): LimitSpec => ({
        ...limit,
        max: Math.max(0, limit.max - units),
        lowered: { max: limit.max, by: units },
      });
      const unlimited = { ...hourly(MAX_AMOUNT), enforced: false, limitable: true };
      const lowered = { ...one, limits: [by(4, daily(2)), by(4, unlimited)] };
      expect(await taken(store, [lowered])).toBe('refused');
      await set({ d: { set: 6 }, h: { set: 9 } });
      expect(await taken(store, [lowered], 3)).toBe('refused');
      expect(await taken(store, [lowered], 2)).toBe('taken');
      await set({ d: { add: 5 } });
      expect(await taken(store, [lowered], 2)).toBe('refused');
      expect(await taken(store, [lowered])).toBe('taken');
      await set({ d: { set: 100 }, h: { set: 9 } });
      expect(await taken(store, [lowered], 3)).toBe('refused');
      expect(await taken(store, [lowered], 2)).toBe('taken');
      expect(await store.take(reserving([lowered]))).toMatchObject({ outcome: 'refused' });
      expect(await store.take(taking([{ ...one, limits: [daily(2), unlimited] }]))).toMatchObject({
        outcome: 'taken',
      });
    });

    it('limit one without a max where its rule enforces, and none where it only observes', async () => {
      const { store } = scene();
      const free: LimitSpec = { ...daily(Number.MAX_SAFE_INTEGER, { enforced: false }), limitable: true };
      const unlimited = counter([free], { name: 'free' });
      const observed = counter([daily(1, { enforced: false })], { name: 'observed' });
      await set({ d: { set: 1 } }, { of: unlimited });
      await set({ d: { set: 1 } }, { of: observed });
      expect(await taken(store, [unlimited], 2)).toBe('refused');
      expect(await taken(store, [observed], 2)).toBe('taken');
      await set({ d: { add: 1 } }, { of: unlimited });
      expect(await taken(store, [unlimited], 1_000)).toBe('taken');
    });

    it('are replaced whole and taken away, and each write says what was there', async () => {
      const { store } = scene();
      expect(await set({ d: { set: 9 } })).toEqual([undefined]);
      expect(await set({ h: { set: 9 } })).toEqual([JSON.stringify({ d: { set: 9 } })]);
      expect(await taken(store, [one], 3)).toBe('refused');
      expect(await keeperOf(store).write('rule', [{ counter: one, name: nameOf(one) }])).toEqual([
        JSON.stringify({ h: { set: 9 } }),
      ]);
      expect(await taken(store, [one], 2)).toBe('taken');
      expect(await store.read({ counters: [one] })).toEqual({ outcome: 'read', counts: used(2, 2) });
    });

    it('say of a settlement that it went above the max where it is above theirs', async () => {
      const { store } = scene();
      await set({ d: { set: 4 }, h: { set: 4 } });
      const settled = settling('count', taking([one], { amount: 4 }));
      expect(await store.settle(settled)).toEqual({ outcome: 'counted' });
      const more = await store.settle(settling('count', taking([one], { amount: 1 })));
      expect(more.forced?.map(({ used: total }) => total)).toEqual([5, 5]);
    });

    it('beat a limit of several meters on several shards alike', async () => {
      const { store } = scene();
      const tokens = ofMeter('tokens', daily(10));
      const [first, second] = GROUPS.slice(0, 2).map((group) =>
        counter([daily(1), tokens], { group, name: 'shared' }),
      ) as [CounterRef, CounterRef];
      const take = () => store.take(taking([first, second], { amount: 1, amounts: { tokens: 40 } }));
      await set({ [tokens.field]: { add: 30 } }, { of: first });
      expect((await take()).outcome).toBe('refused');
      await set({ [tokens.field]: { add: 30 } }, { of: second });
      expect((await take()).outcome).toBe('taken');
      expect((await take()).outcome).toBe('refused');
    });

    it('are listed in pages, in the order of their names, without those that are gone', async () => {
      const keeper = keeperOf(scene().store);
      const writes = Array.from({ length: 7 }, (_, n) => ({
        counter: of(n),
        name: nameOf(of(n)),
        override: { terms: { limits: new Map([['d', { set: n }]]) }, text: `text ${n}` },
      }));
      await keeper.write('rule', writes);
      await keeper.write('rule', [{ counter: of(3), name: nameOf(of(3)) }]);
      const keyOf = (name: string) => name;
      const first = await keeper.list('rule', { prefix: '', count: 4, keyOf });
      expect(first.overrides.map(([, text]) => text)).toEqual(['text 0', 'text 1', 'text 2', 'text 4']);
      const rest = await keeper.list('rule', { prefix: '', count: 4, keyOf, after: first.next });
      expect(rest.overrides.map(([, text]) => text)).toEqual(['text 5', 'text 6']);
      expect(rest.next).toBeUndefined();
      const prefix = nameOf(of(5));
      expect((await keeper.list('rule', { prefix, count: 4, keyOf })).overrides).toEqual([
        [prefix, 'text 5'],
      ]);
      expect((await keeper.list('another', { prefix: '', count: 4, keyOf })).overrides).toEqual([]);
    });
  });
}

interface SetOptions {
  readonly of?: CounterRef;
  readonly from?: number;
  readonly until?: number;
  readonly store?: Store;
}

/** In these tests a subject is named by its counter. */
function nameOf({ key }: CounterRef): string {
  return key;
}

function keeperOf({ overrides }: Store): OverrideKeeper {
  if (overrides === undefined) throw new TypeError('This store keeps no overrides.');
  return overrides;
}
