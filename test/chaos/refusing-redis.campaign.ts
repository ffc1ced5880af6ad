import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisProcess } from '../support/redis-process.js';
import { EngineSite } from './harness/engine-site.js';
import { exactShareDuringFault, expectInvariants } from './harness/expect-invariants.js';

describe('An engine whose Redis dies or refuses', () => {
  let redis: RedisProcess;
  let site: EngineSite;
  const start = async (...args: string[]) => {
    redis = await RedisProcess.start({ args });
    site = await EngineSite.start({ kind: 'single', url: redis.url });
  };
  afterEach(async () => {
    await site.stop();
    await redis.stop();
  });

  it('keeps every invariant while Redis is killed and comes back with its data', async () => {
    // `everysec` puts writes off while an earlier one is synced: answers would get ahead of the file.
    await start('--appendonly', 'yes', '--appendfsync', 'no');
    const experiment = await site.runExperiment({
      inject: () => redis.kill(),
      heal: () => redis.restart(),
      forMs: 500,
    });
    await expectInvariants(experiment, site);
    expect(exactShareDuringFault(experiment)).toBe(0);
  });

  it('keeps every invariant while Redis is killed and comes back without its data', async () => {
    await start();
    const experiment = await site.runExperiment({
      inject: () => redis.kill(),
      heal: () => redis.restart(),
      forMs: 500,
    });
    await expectInvariants(experiment, site);
  });

  it('decides every check while scripts are flushed', async () => {
    await start();
    let flushes: NodeJS.Timeout | undefined;
    const experiment = await site.runExperiment({
      inject: () => (flushes = setInterval(() => void redis.cli('SCRIPT', 'FLUSH'), 20)),
      heal: () => clearInterval(flushes),
      forMs: 500,
    });
    await expectInvariants(experiment, site);
    expect(exactShareDuringFault(experiment)).toBeGreaterThan(0.9);
  });

  it('keeps every invariant while clients are paused', async () => {
    await start();
    const experiment = await site.runExperiment({
      inject: () => redis.cli('CLIENT', 'PAUSE', 700, 'ALL'),
      heal: () => undefined,
      forMs: 700,
    });
    await expectInvariants(experiment, site);
    expect(exactShareDuringFault(experiment)).toBe(0);
  });

  it('keeps every invariant while a long script of another program keeps Redis busy', async () => {
    await start('--busy-reply-threshold', '100');
    const busy =
      "local t = redis.call('TIME'); local e = t[1] * 1000 + t[2] / 1000 + 600; repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > e";
    const experiment = await site.runExperiment({
      inject: () => void redis.cli('EVAL', busy, 0),
      heal: () => undefined,
      forMs: 600,
    });
    await expectInvariants(experiment, site);
    expect(exactShareDuringFault(experiment)).toBe(0);
  });

  it('keeps every invariant while Redis has no memory left', async () => {
    await start('--maxmemory-policy', 'noeviction');
    const experiment = await site.runExperiment({
      inject: () => redis.cli('CONFIG', 'SET', 'maxmemory', 1),
      heal: () => redis.cli('CONFIG', 'SET', 'maxmemory', 0),
      forMs: 700,
    });
    await expectInvariants(experiment, site);
    expect(exactShareDuringFault(experiment)).toBe(0);
    expect(site.node.modes.map(({ cause }) => cause)).toContain('store-error');
  });
});
