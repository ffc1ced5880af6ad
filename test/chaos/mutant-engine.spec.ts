import type { Rule } from '@sundial/contract';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { engineOn } from '../support/engine-on.js';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { ADDS_AGAIN, NEVER_SETTLES, NEVER_VOIDS, mutant, type Mutation } from './harness/mutant-store.js';

const FROZEN_MS = 400;
const RULES = (['allow', 'deny'] as const).map((degrade): Rule => ({
  id: degrade,
  resource: degrade,
  per: ['user'],
  timeZone: 'UTC',
  limits: [{ window: 'year', max: 1_000_000 }],
  mode: 'enforce',
  degrade,
}));

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'nothing is settled afterwards': NEVER_SETTLES,
  'a call may run however late, and its settlement does not know it': ADDS_AGAIN,
  'a call may run however late, and is never made void': NEVER_VOIDS,
};

/** Freezes a real Redis under load, and says how far the counters are from what was allowed, of both policies together. */
describe('the exactness of an engine whose Redis is frozen', () => {
  let redis: RedisProcess;
  let engine: QuotaEngine | undefined;
  beforeEach(async () => {
    redis = await RedisProcess.start();
  });
  afterEach(async () => {
    redis.thaw();
    await engine?.close();
    await redis.stop();
  });

  async function errorOf(mutation: Mutation): Promise<number> {
    const store = mutant(new RedisStore({ kind: 'single', url: redis.url }), mutation);
    const node = (engine = engineOn({ store, rules: new LiveRules(new RuleBook(1, RULES)) }));
    const subject = { user: 'u1' };
    const usage = (resource: string) => node.usage({ resource, subject });
    await eventually(async () => (await usage('allow')).degraded === null);

    const allowed = { allow: 0, deny: 0 };
    const check = async (resource: 'allow' | 'deny') => {
      if ((await node.check({ resource, subject })).allowed) allowed[resource]++;
    };
    const burst = () => Promise.all([...Array(20)].flatMap(() => [check('allow'), check('deny')]));
    await burst();
    redis.freeze();
    const bursts = burst();
    await sleep(FROZEN_MS);
    await burst();
    redis.thaw();
    await bursts;
    await eventually(() => node.status().mode === 'exact' && node.status().pending === 0, {
      withinMs: 8_000,
    });
    // What was abandoned on its way has run by then, if it ever does.
    await redis.cli('PING');
    const [first, second] = await Promise.all([usage('allow'), usage('deny')]);
    expect([first.degraded, second.degraded]).toEqual([null, null]);
    const usedOf = ({ limits }: typeof first) => limits[0]!.used;
    return Math.abs(usedOf(first) - allowed.allow) + Math.abs(usedOf(second) - allowed.deny);
  }

  it('is complete', async () => {
    expect(await errorOf(() => ({}))).toBe(0);
  });

  it.each(Object.entries(MUTATIONS))('is gone when %s', async (_what, mutation) => {
    expect(await errorOf(mutation)).toBeGreaterThan(0);
  });
});
