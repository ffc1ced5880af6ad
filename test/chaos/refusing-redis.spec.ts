import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisProcess } from '../support/redis-process.js';
import { Ordeal } from './ordeal.js';
import { exactShareDuringFault, expectPromisesKept } from './promises.js';

describe('An engine whose Redis dies or refuses', () => {
  let redis: RedisProcess;
  let ordeal: Ordeal;
  const start = async (...args: string[]) => {
    redis = await RedisProcess.start({ args });
    ordeal = await Ordeal.start({ kind: 'single', url: redis.url });
  };
  afterEach(async () => {
    await ordeal.close();
    await redis.stop();
  });

  it('keeps every promise while Redis is killed and comes back with its data', async () => {
    // `everysec` puts writes off while an earlier one is synced: answers would get ahead of the file.
    await start('--appendonly', 'yes', '--appendfsync', 'no');
    const endured = await ordeal.endure({
      inject: () => redis.kill(),
      heal: () => redis.restart(),
      forMs: 500,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(exactShareDuringFault(endured)).toBe(0);
  });

  it('keeps every promise while Redis is killed and comes back without its data', async () => {
    await start();
    const endured = await ordeal.endure({
      inject: () => redis.kill(),
      heal: () => redis.restart(),
      forMs: 500,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
  });

  it('decides every check while scripts are flushed', async () => {
    await start();
    let flushes: NodeJS.Timeout | undefined;
    const endured = await ordeal.endure({
      inject: () => (flushes = setInterval(() => void redis.cli('SCRIPT', 'FLUSH'), 20)),
      heal: () => clearInterval(flushes),
      forMs: 500,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(exactShareDuringFault(endured)).toBeGreaterThan(0.9);
  });

  it('keeps every promise while clients are paused', async () => {
    await start();
    const endured = await ordeal.endure({
      inject: () => redis.cli('CLIENT', 'PAUSE', 700, 'ALL'),
      heal: () => undefined,
      forMs: 700,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(exactShareDuringFault(endured)).toBe(0);
  });

  it('keeps every promise while a foreign script keeps Redis busy', async () => {
    await start('--busy-reply-threshold', '100');
    const busy =
      "local t = redis.call('TIME'); local e = t[1] * 1000 + t[2] / 1000 + 600; repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > e";
    const endured = await ordeal.endure({
      inject: () => void redis.cli('EVAL', busy, 0),
      heal: () => undefined,
      forMs: 600,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(exactShareDuringFault(endured)).toBe(0);
  });

  it('keeps every promise while Redis has no memory left', async () => {
    await start('--maxmemory-policy', 'noeviction');
    const endured = await ordeal.endure({
      inject: () => redis.cli('CONFIG', 'SET', 'maxmemory', 1),
      heal: () => redis.cli('CONFIG', 'SET', 'maxmemory', 0),
      forMs: 700,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(exactShareDuringFault(endured)).toBe(0);
    expect(endured.modes.map(({ cause }) => cause)).toContain('store-error');
  });
});
