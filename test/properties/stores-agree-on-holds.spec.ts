import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import fc from 'fast-check';
import {
  type StoreUnderTest,
  memoryStoreUnderTest,
  redisStoreUnderTest,
} from '../contract/store-under-test.js';
import { anyHoldHistory, anyPackHistory, HoldStoryteller, type HoldStep } from './hold-history.js';

const MINUTE_MS = 60_000;
/** So that packs are needed: by nearly half of all histories. */
const TIGHT = 8;
/** Every answer but those that need a fault, and bounds that a short history does not meet. */
const OUTCOMES = [
  ...[
    'already-counted',
    'conflict',
    'counted',
    'ended',
    'ended-otherwise',
    'expired',
    'extended',
    'found',
    'held',
  ],
  ...[
    'late',
    'not-found',
    'nothing-to-return',
    'read',
    'refunded',
    'refused',
    'replayed',
    'returned',
    'reversed',
  ],
  ...['set', 'taken', 'voided'],
];

const check = { kind: 'check', amount: 0, minutes: 1, commits: false, isLate: false } as const;
const voidFirst = { kind: 'settle', which: 0, intent: 'void', isDegraded: false, committed: 0 } as const;
/** Histories with the answers that random ones have least, a few in a hundred. */
const RARE: [readonly HoldStep[]][] = [
  [
    [
      { ...check, id: 0, tokens: undefined, amount: 1, isLate: true },
      { kind: 'set the clock', minutes: 720 },
      { kind: 'set the clock', minutes: 720 },
      { kind: 'settle', which: 0, intent: 'count', isDegraded: false, committed: 0 },
    ],
  ],
  [
    [
      { ...check, id: 3, tokens: undefined, amount: 2 },
      { kind: 'return', which: 0 },
      { kind: 'return', which: 0 },
    ],
  ],
];
/** Histories to which the stores once gave different answers. */
const FOUND: [readonly HoldStep[]][] = [
  // A check is voided after a correction took its unit away: what a reservation holds stays held.
  [
    [
      { ...check, id: 1, tokens: 1 },
      { kind: 'set', counter: 1, to: 0 },
      { ...check, kind: 'reserve', id: 4, tokens: 1 },
      voidFirst,
    ],
  ],
  // The same, after the expiry of the reservation has committed: the void takes back a unit that is used.
  [
    [
      { ...check, id: 1, tokens: 1 },
      { kind: 'set', counter: 1, to: 0 },
      { ...check, kind: 'reserve', id: 4, tokens: 1, commits: true },
      { kind: 'set the clock', minutes: 1 },
      voidFirst,
    ],
  ],
];

describe('MemoryStore and RedisStore', () => {
  let memory: StoreUnderTest;
  let redis: StoreUnderTest;
  beforeAll(async () => {
    [memory, redis] = await Promise.all([memoryStoreUnderTest(), redisStoreUnderTest()]);
  });
  afterAll(() => Promise.all([memory.close(), redis.close()]));

  it('give equal answers to any history of reservations, refunds, returns, corrections and clocks', async () => {
    const met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyHoldHistory, async (history) => {
        const [inMemory, onRedis] = await answers(history);
        expect(inMemory).toEqual(onRedis);
        for (const [outcome] of JSON.stringify(onRedis).matchAll(/(?<="outcome":")[a-z-]+/g))
          met.add(outcome);
      }),
      { numRuns: 200, examples: [...RARE, ...FOUND] },
    );
    expect([...met].sort()).toEqual(OUTCOMES);
  }, 120_000);

  it('give equal answers to any history of packs and all that takes from them', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(anyPackHistory, async (history) => {
        const [inMemory, onRedis] = await answers(history, TIGHT);
        expect(inMemory).toEqual(onRedis);
        if (JSON.stringify(onRedis).includes('"taken":')) taken++;
      }),
      { numRuns: 60 },
    );
    expect(taken).toBeGreaterThan(10);
  }, 120_000);

  /** What both stores answer, step by step, and where their counters stand after each. */
  async function answers(history: readonly HoldStep[], tightness = 1): Promise<[unknown[], unknown[]]> {
    await memory.empty();
    const storyteller = new HoldStoryteller(tightness);
    const promised: [unknown[], unknown[]] = [[], []];
    let stores = await at(storyteller.now);
    for (const step of history) {
      const call = storyteller.requestOf(step);
      if (!call) {
        stores = await at(storyteller.now);
        continue;
      }
      for (const [index, store] of stores.entries())
        promised[index]!.push(
          promisedIn([
            step,
            await call(store),
            await storyteller.read(store),
            await storyteller.packs(store),
          ]),
        );
    }
    return promised;
  }

  async function at(instant: number): Promise<Store[]> {
    return [await memory.at(instant), await redis.at(instant)];
  }
});

/** An answer with instants to the minute: the stores were not asked in the same millisecond. */
function promisedIn(answer: unknown): unknown {
  const isInstant = (key: string) =>
    key === 'at' || key === 'until' || key === 'expiresAt' || key === 'createdAt';
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) => {
      if (key === 'counter' || key === 'limit') return undefined;
      return isInstant(key) ? Math.floor((value as number) / MINUTE_MS) : value;
    }),
  );
}
