import { setTimeout as sleep } from 'node:timers/promises';
import type { QuotaEngine } from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { openEngine } from '../contenders/sundial.js';
import { eventually } from '../../../test/support/eventually.js';
import { RedisProcess } from '../../../test/support/redis-process.js';

const CONCURRENCY = 500;
/** Nothing is measured in time here. */
const DEADLINE_MS = 10_000;
/** Redis moves into a larger table bit by bit, and keeps both until it has. */
const REHASH_MS = 1_000;

/** Something that is done for each user, in Redis or not at all. */
export type Step = (engine: QuotaEngine, user: string) => Promise<{ readonly degraded: unknown }>;

export const checkOnce: Step = (engine, user) => engine.check({ resource: 'ocr', subject: { user } });

/**
 * By how many bytes a user Redis has grown after each step, which is done for all of them before the next. The Redis is of its
 * own: in one that was emptied, the engine would count again what is lost.
 */
export async function growthBy(users: readonly string[], steps: readonly Step[]): Promise<number[]> {
  await using redis = await RedisProcess.start();
  const store = new RedisStore({ kind: 'single', url: redis.url });
  const engine = await openEngine(store, { deadlineMs: DEADLINE_MS });
  try {
    await eventually(() => store.probe().then(() => true), { what: 'Redis answers' });
    await inTurns(engine, ['first'], checkOnce);
    const before = await redis.usedBytes();
    const grown: number[] = [];
    for (const step of steps) {
      await inTurns(engine, users, step);
      await sleep(REHASH_MS);
      grown.push(((await redis.usedBytes()) - before) / users.length);
    }
    return grown;
  } finally {
    await engine.close();
  }
}

async function inTurns(engine: QuotaEngine, users: readonly string[], step: Step): Promise<void> {
  for (let from = 0; from < users.length; from += CONCURRENCY) {
    const some = users.slice(from, from + CONCURRENCY);
    const decisions = await Promise.all(some.map((user) => step(engine, user)));
    if (decisions.some(({ degraded }) => degraded)) throw new Error('Redis was too slow to be counted in.');
  }
}
