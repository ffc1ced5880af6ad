import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisProcess } from '../support/redis-process.js';
import { Ordeal } from './ordeal.js';
import { causesDuringFault, exactShareDuringFault, expectPromisesKept } from './promises.js';

describe('An engine whose Redis freezes', () => {
  let redis: RedisProcess;
  let ordeal: Ordeal;
  beforeEach(async () => {
    redis = await RedisProcess.start();
    ordeal = await Ordeal.start({ kind: 'single', url: redis.url });
  });
  afterEach(async () => {
    redis.thaw();
    await ordeal.close();
    await redis.stop();
  });

  const freezeFor = (forMs: number) =>
    ordeal.endure({ inject: () => redis.freeze(), heal: () => redis.thaw(), forMs });

  it('keeps every promise through a pause that is barely longer than the deadline', async () => {
    const endured = await freezeFor(60);
    expectPromisesKept(endured, await ordeal.audit(endured.told));
  });

  it('keeps every promise through pauses of all lengths', async () => {
    let isOver = false;
    const pause = async () => {
      while (!isOver) {
        redis.freeze();
        await sleep(20 + 100 * Math.random());
        redis.thaw();
        await sleep(20 + 200 * Math.random());
      }
    };
    const endured = await ordeal.endure({
      inject: () => void pause(),
      heal: () => (isOver = true),
      forMs: 3_000,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
  });

  it.each([600, 10_000])(
    'keeps every promise through %d ms, and decides by policy meanwhile',
    async (forMs) => {
      const endured = await freezeFor(forMs);
      expectPromisesKept(endured, await ordeal.audit(endured.told));
      expect(exactShareDuringFault(endured)).toBe(0);
      expect(causesDuringFault(endured)).toEqual(expect.arrayContaining(['timeout', 'breaker-open']));
    },
    40_000,
  );
});
