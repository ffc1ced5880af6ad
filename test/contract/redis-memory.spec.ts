import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisStore } from '@sundial/redis';
import { CheckPlanner } from '../../libs/engine/src/decisions/check-planner.js';
import { OperationIds } from '../../libs/engine/src/operations/operation-ids.js';
import { RedisProcess } from '../support/redis-process.js';
import { openRedisStore } from './store-under-test.js';
import { aRule } from './rules.js';
import { taking } from './store-requests.js';

const SUBJECTS = 50_000;
const AT_ONCE = 1_000;
/** With ids of eight characters. An allocator of coarse sizes takes 16 more from the next one on. */
const BYTES_A_SUBJECT = 185;
/** What is remembered for a quarter of an hour of an operation whose id a node made. */
const BYTES_AN_OPERATION = 39;

describe('the memory of Redis', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterAll(() => redis.stop());

  it(`holds a subject of a day and an hour in ${BYTES_A_SUBJECT} bytes, and an operation in ${BYTES_AN_OPERATION}`, async () => {
    const empty = await usedAfterRestart();
    const store = await openRedisStore({ kind: 'single', url: redis.url });
    await checkEverySubject(store);
    await store.close();
    const full = await usedAfterRestart();
    await forget('sd1:own:*');
    await forget('sd1:{secret}:*');
    await forget('sd1:*:watermark:*');
    expect(Number(await redis.cli('DBSIZE'))).toBe(SUBJECTS);
    const counters = await usedAfterRestart();
    const [aSubject, anOperation] = [(counters - empty) / SUBJECTS, (full - counters) / SUBJECTS];
    expect(aSubject).toBeLessThanOrEqual(BYTES_A_SUBJECT);
    expect(aSubject).toBeGreaterThan(50);
    expect(anOperation).toBeLessThanOrEqual(BYTES_AN_OPERATION);
  }, 60_000);

  async function checkEverySubject(store: RedisStore): Promise<void> {
    const [rules, planner, ids] = [[aRule()], new CheckPlanner(), new OperationIds(store.secret)];
    for (let from = 0; from < SUBJECTS; from += AT_ONCE) {
      const asked = Array.from({ length: AT_ONCE }, (_, i) => {
        const subject = { user: `u${1_000_000 + from + i}` };
        const plan = planner.at(rules, subject, store.now());
        const { operation } = ids.name({ resource: 'ocr', subject }, { amount: 1 }, plan.scope);
        return store.take(taking(plan.counters, { operation }));
      });
      const outcomes = new Set((await Promise.all(asked)).map(({ outcome }) => outcome));
      expect(outcomes).toEqual(new Set(['taken']));
    }
  }

  /** Buffers of clients and tables half full are not what is measured: the server is restarted with what it held. */
  async function usedAfterRestart(): Promise<number> {
    await redis.cli('SAVE');
    await redis.restart();
    return Number(/used_memory:(\d+)/.exec(String(await redis.cli('INFO', 'memory')))?.[1]);
  }

  async function forget(pattern: string): Promise<void> {
    const keys = (await redis.cli('KEYS', pattern)) as string[];
    for (let from = 0; from < keys.length; from += AT_ONCE)
      await redis.cli('DEL', ...keys.slice(from, from + AT_ONCE));
  }
});
