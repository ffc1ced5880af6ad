import { setTimeout as sleep } from 'node:timers/promises';
import type { QuotaEngine } from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { openEngine } from '../contenders/sundial.js';
import { eventually } from '../../../test/support/eventually.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import type { Scenario } from '../scenario.js';

const CONCURRENCY = 500;
/** Nothing is measured in time here. */
const DEADLINE_MS = 10_000;
/** Redis moves into a larger table bit by bit, and keeps both until it has. */
const REHASH_MS = 1_000;

/**
 * What a subject of a day and an hour costs in Redis' memory while it is active, apart from what each of its operations
 * costs for the minutes it is remembered.
 */
export const memory: Scenario = {
  name: 'memory',
  budget: '≤ 200 bytes for an active subject of a day and an hour',
  async run({ subjects }) {
    const operation = await grownBy(subjects, () => 'first');
    const subjectAndOperation = await grownBy(subjects, (index) => `u${String(index).padStart(6, '0')}`);
    return [
      {
        measure: 'Redis memory of an active subject, day and hour',
        unit: 'bytes',
        sundial: [subjectAndOperation - operation],
        budget: { of: 'value', atMost: 200 },
      },
      { measure: 'Redis memory of a remembered operation', unit: 'bytes', sundial: [operation] },
    ];
  },
};

/** What a check of each user takes in a Redis of its own: in one that was emptied, the engine would count again what is lost. */
async function grownBy(checks: number, userOf: (index: number) => string): Promise<number> {
  await using redis = await RedisProcess.start();
  const store = new RedisStore({ kind: 'single', url: redis.url });
  const engine = await openEngine(store, { deadlineMs: DEADLINE_MS });
  try {
    await eventually(() => store.probe().then(() => true), { what: 'Redis answers' });
    await check(engine, ['first']);
    const before = await redis.usedBytes();
    const users = Array.from({ length: checks }, (_, index) => userOf(index));
    await check(engine, users);
    await sleep(REHASH_MS);
    return ((await redis.usedBytes()) - before) / checks;
  } finally {
    await engine.close();
  }
}

/** One unit of each user, counted in Redis or not at all. */
async function check(engine: QuotaEngine, users: readonly string[]): Promise<void> {
  for (let from = 0; from < users.length; from += CONCURRENCY) {
    const some = users.slice(from, from + CONCURRENCY);
    const decisions = await Promise.all(
      some.map((user) => engine.check({ resource: 'ocr', subject: { user } })),
    );
    if (decisions.some(({ degraded }) => degraded)) throw new Error('Redis was too slow to be counted in.');
  }
}
