import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisProcess } from '../support/redis-process.js';
import { EngineSite } from './harness/engine-site.js';
import { causesDuringFault, exactShareDuringFault, expectInvariants } from './harness/expect-invariants.js';

describe('An engine whose Redis freezes', () => {
  let redis: RedisProcess;
  let site: EngineSite;
  beforeEach(async () => {
    redis = await RedisProcess.start();
    site = await EngineSite.start({ kind: 'single', url: redis.url });
  });
  afterEach(async () => {
    redis.thaw();
    await site.stop();
    await redis.stop();
  });

  const freezeFor = (forMs: number) =>
    site.runExperiment({ inject: () => redis.freeze(), heal: () => redis.thaw(), forMs });

  it('keeps every invariant through a pause that is barely longer than the deadline', async () => {
    const experiment = await freezeFor(60);
    await expectInvariants(experiment, site);
  });

  it('keeps every invariant through pauses of all lengths', async () => {
    let isOver = false;
    const pause = async () => {
      while (!isOver) {
        redis.freeze();
        await sleep(20 + 100 * Math.random());
        redis.thaw();
        await sleep(20 + 200 * Math.random());
      }
    };
    const experiment = await site.runExperiment({
      inject: () => void pause(),
      heal: () => (isOver = true),
      forMs: 3_000,
    });
    await expectInvariants(experiment, site);
  });

  it.each([600, 5_000])(
    'keeps every invariant through %d ms, and decides by policy meanwhile',
    async (forMs) => {
      const experiment = await freezeFor(forMs);
      await expectInvariants(experiment, site);
      expect(exactShareDuringFault(experiment)).toBe(0);
      expect(causesDuringFault(experiment)).toEqual(expect.arrayContaining(['timeout', 'breaker-open']));
    },
    40_000,
  );
});
