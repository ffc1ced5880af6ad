import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import fc from 'fast-check';
import {
  type StoreUnderTest,
  memoryStoreUnderTest,
  redisStoreUnderTest,
} from '../contract/store-under-test.js';
import { anyHistory, Storyteller, type Step } from './store-history.js';

/**
 * Every answer a store has but `wrong-type`, which needs a key that others have written, and `full`, which Redis never
 * says.
 */
const OUTCOMES = [
  ...['already-counted', 'conflict', 'counted', 'expired', 'late'],
  ...['read', 'refused', 'replayed', 'reversed', 'taken', 'voided', 'window-mismatch'],
];

describe('MemoryStore and RedisStore', () => {
  let memory: StoreUnderTest;
  let redis: StoreUnderTest;
  beforeAll(async () => {
    [memory, redis] = await Promise.all([memoryStoreUnderTest(), redisStoreUnderTest()]);
  });
  afterAll(() => Promise.all([memory.close(), redis.close()]));

  it('give equal answers to any history of takes, settlements, looks and clocks', async () => {
    const met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyHistory, async (history) => {
        const [inMemory, onRedis] = await answers(history);
        expect(inMemory).toEqual(onRedis);
        for (const [outcome] of JSON.stringify(onRedis).matchAll(/(?<="outcome":")[a-z-]+/g))
          met.add(outcome);
      }),
      { numRuns: 150 },
    );
    expect([...met].sort()).toEqual(OUTCOMES);
  }, 60_000);

  /** What both stores answer, step by step. */
  async function answers(history: readonly Step[]): Promise<[unknown[], unknown[]]> {
    await memory.empty();
    const storyteller = new Storyteller();
    const promised: [unknown[], unknown[]] = [[], []];
    let stores = await at(storyteller.now);
    for (const step of history) {
      const call = storyteller.requestsOf(step);
      if (!call) stores = await at(storyteller.now);
      else
        (await Promise.all(stores.map(call))).forEach((answer, index) =>
          promised[index]!.push(promisedIn(answer)),
        );
    }
    return promised;
  }

  async function at(instant: number): Promise<Store[]> {
    return [await memory.at(instant), await redis.at(instant)];
  }
});

/** An answer with instants to the minute, which is the shortest window: the stores were not asked in the same millisecond. */
function promisedIn(answer: unknown): unknown {
  const isInstant = (key: string) => key === 'at' || key === 'until';
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) =>
      isInstant(key) ? Math.floor((value as number) / MINUTE_MS) : value,
    ),
  );
}

const MINUTE_MS = 60_000;
