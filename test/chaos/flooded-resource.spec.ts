import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveRules, QuotaEngine, RedisStore, RuleBook, type Decision, type Rule } from '@sundial/engine';
import { setImmediate as turn } from 'node:timers/promises';
import { MAX_IN_FLIGHT_A_RESOURCE } from '../../libs/engine/src/degradation/store-guard.js';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';

const FLOOD = 10_000;
const CALM = 100;
/** The flood's checks that are with Redis when a calm one comes, and what is answered beside it. */
const AHEAD = 1_024 + 100;

const RULES = ['flooded', 'calm'].map((resource): Rule => ({
  id: resource,
  resource,
  per: ['user'],
  timeZone: 'UTC',
  limits: [
    { window: 'year', max: 1_000_000 },
    { window: 'day', max: 1_000_000 },
  ],
  mode: 'enforce',
  degrade: 'allow',
}));

describe('a flood on one resource', () => {
  let redis: RedisProcess;
  let engine: QuotaEngine;
  beforeAll(async () => {
    redis = await RedisProcess.start();
    engine = new QuotaEngine({
      store: new RedisStore({ kind: 'single', url: redis.url }),
      rules: new LiveRules(new RuleBook(1, RULES)),
      // A busy machine must not make this test about time.
      deadlineMs: 5_000,
    });
    await eventually(async () => (await check('calm', 'nobody', 0)).degraded === null);
  });
  afterAll(async () => {
    await engine.close();
    await redis.stop();
  });

  const check = (resource: string, user: string, amount = 1): Promise<Decision> =>
    engine.check({ resource, subject: { user }, amount });

  /** Far more checks at once than may be in flight; what is shed is answered at once. */
  function flood() {
    const told = { exact: 0, shed: 0 };
    const all = Array.from({ length: FLOOD }, async (_, n) => {
      const { degraded } = await check('flooded', `u${n % 50}`);
      if (degraded === null) told.exact++;
      else if (degraded.cause === 'overloaded') told.shed++;
    });
    return { told, all: Promise.all(all) };
  }

  it('sheds only what exceeds its own share, and no check of another resource', async () => {
    const { told, all } = flood();
    const calm = await Promise.all(Array.from({ length: CALM }, (_, n) => check('calm', `u${n}`)));
    await all;
    expect(calm.filter(({ degraded }) => degraded !== null)).toEqual([]);
    expect(told).toEqual({ exact: MAX_IN_FLIGHT_A_RESOURCE, shed: FLOOD - MAX_IN_FLIGHT_A_RESOURCE });
  });

  it.each([
    ['in the same turn', () => Promise.resolve(), 200],
    ['when as much of the flood as may be is with Redis', () => turn(), AHEAD],
  ])('lets a check of another resource by that comes %s', async (_when, wait, atMost) => {
    const { told, all } = flood();
    await wait();
    await check('calm', 'u1');
    expect(told.exact).toBeLessThanOrEqual(atMost);
    await all;
  });

  // Each check has ceilings of its own then, and was taken for a lane of its own.
  it('keeps to that while the store is owed what the flood was allowed without it', async () => {
    await flood().all;
    const { told, all } = flood();
    await turn();
    expect(engine.status().owed).toBeGreaterThan(0);
    await check('calm', 'u1');
    expect(told.exact).toBeLessThanOrEqual(AHEAD);
    await all;
  });
});
