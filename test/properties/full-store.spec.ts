import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryStore } from '@sundial/engine';
import type { CounterRef, TakeResult } from '@sundial/engine/ports';
import fc from 'fast-check';

const MINUTE_MS = 60_000;
const MAX_COUNTERS = 4;
const START = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;

/** A minute's counter of a subject, and beside it one for all of them, which every check needs as well. */
type Step =
  | { readonly subject: number; readonly amount: number; readonly isShared: boolean }
  | { readonly skipMs: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      subject: fc.integer({ min: 0, max: 7 }),
      amount: fc.integer({ min: 0, max: 2 }),
      isShared: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ skipMs: fc.constantFrom(1_000, MINUTE_MS / 2, MINUTE_MS) }) },
);

describe('MemoryStore with a bound on its counters', () => {
  let now: number;
  beforeEach(() => {
    now = START;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const open = (maxCounters: number) => MemoryStore.open({ maxCounters });
  const refTo = (name: string, max: number): CounterRef => {
    const from = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const bounds = [from, from + MINUTE_MS, from + 2 * MINUTE_MS] as const;
    return { key: name, shardGroup: '', limits: [{ field: 'i', max, enforced: true, bounds }] };
  };
  const take = (
    store: MemoryStore,
    { subject, amount, isShared }: Extract<Step, { subject: number }>,
    id: string,
  ) => {
    const counters = [refTo(`s${subject}`, 5), ...(isShared ? [refTo('all', 30)] : [])];
    const operation = { id, content: `${amount}`, attempt: id };
    return store.take({ counters, operation, amount, deadlineAt: Infinity });
  };

  /** Without what each store keeps with a counter for itself. */
  const countsIn = (result: TakeResult) =>
    'counts' in result
      ? {
          ...result,
          counts: result.counts.map(({ counter: { key }, ...count }) => ({ key, ...count })),
        }
      : result;

  it('counts whom it knows exactly, lets windows that are over give way, and never has more', async () => {
    const met = new Set<TakeResult['outcome']>();
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 120 }), async (history) => {
        now = START;
        const [bounded, unbounded] = [await open(MAX_COUNTERS), await open(1_000)];
        /** Of each key with a counter, when its window ends. */
        const alive = new Map<string, number>();
        for (const [index, step] of history.entries()) {
          if ('skipMs' in step) {
            now += step.skipMs;
            continue;
          }
          for (const [key, endsAt] of alive) if (endsAt <= now) alive.delete(key);
          const keys = [`s${step.subject}`, ...(step.isShared ? ['all'] : [])];
          const fits = new Set([...alive.keys(), ...keys]).size <= MAX_COUNTERS;
          const answer = take(bounded, step, `${index}`);
          met.add(answer.outcome);
          expect(bounded.size.counters).toBeLessThanOrEqual(MAX_COUNTERS);
          expect(answer.outcome === 'full').toBe(answer.outcome !== 'refused' && step.amount > 0 && !fits);
          if (answer.outcome === 'full') continue;
          expect(countsIn(answer)).toEqual(countsIn(take(unbounded, step, `${index}`)));
          if (answer.outcome === 'taken' && step.amount > 0)
            for (const key of keys) alive.set(key, (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS);
        }
        await Promise.all([bounded.close(), unbounded.close()]);
      }),
      { numRuns: 300 },
    );
    expect([...met].sort()).toEqual(['full', 'refused', 'taken']);
  });

  it('makes room for a new subject when another’s window has ended, however often it had none', async () => {
    const store = await open(2);
    const ask = (subject: number) =>
      take(store, { subject, amount: 1, isShared: false }, `${now} ${subject}`).outcome;
    expect([ask(1), ask(2)]).toEqual(['taken', 'taken']);
    for (let n = 0; n < 2_000; n++) expect(ask(3)).toBe('full');
    now = START + MINUTE_MS - 1;
    expect(ask(3)).toBe('full');
    now += 1;
    expect([ask(3), ask(4), ask(5)]).toEqual(['taken', 'taken', 'full']);
    await store.close();
  });

  it('says that it is full until a part of its room is free', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick'], now });
    const store = await open(2);
    const reported: [string, boolean][] = [];
    store.onFinding(({ finding }, holds) => reported.push([finding, holds]));
    for (let subject = 0; subject < 9; subject++)
      take(store, { subject, amount: 1, isShared: false }, `${subject}`);
    expect(reported).toEqual([['capacity', true]]);
    expect(store.findings).toMatchObject([{ finding: 'capacity', severity: 'warn', server: null }]);
    jest.advanceTimersByTime(5_000);
    expect(reported).toHaveLength(1);
    jest.advanceTimersByTime(MINUTE_MS);
    expect(reported).toEqual([
      ['capacity', true],
      ['capacity', false],
    ]);
    expect(store.findings).toEqual([]);
    await store.close();
    jest.useRealTimers();
  });
});
