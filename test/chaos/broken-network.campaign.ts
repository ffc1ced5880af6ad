import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisProcess } from '../support/redis-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { EngineSite } from './harness/engine-site.js';
import { causesDuringFault, exactShareDuringFault, expectInvariants } from './harness/expect-invariants.js';

describe('An engine whose network to Redis breaks', () => {
  let redis: RedisProcess;
  let proxy: TcpProxy;
  let site: EngineSite;
  beforeEach(async () => {
    redis = await RedisProcess.start();
    proxy = await TcpProxy.start(redis.port);
    const target = { kind: 'single', url: `redis://127.0.0.1:${proxy.port}` } as const;
    site = await EngineSite.start(target, { kind: 'single', url: redis.url });
  });
  afterEach(async () => {
    await site.stop();
    proxy.stop();
    await redis.stop();
  });

  const runExperiment = (inject: () => void, forMs = 800) =>
    site.runExperiment({ inject, heal: () => proxy.heal(), forMs });

  it('keeps every invariant and still asks the store where replies come just in time', async () => {
    const experiment = await runExperiment(() => proxy.latency(45));
    await expectInvariants(experiment, site);
    // Nearly all of them on a machine that has nothing else to do; a busy one needs the 5 ms for itself.
    expect(exactShareDuringFault(experiment)).toBeGreaterThan(0);
  });

  it.each([55, 200])('keeps every invariant and waits for no reply where they take %d ms', async (ms) => {
    const experiment = await runExperiment(() => proxy.latency(ms));
    await expectInvariants(experiment, site);
    // Where the event loop stalls, a reply that is a little late may still be read in the moment of grace.
    expect(exactShareDuringFault(experiment)).toBeLessThan(0.5);
    expect(causesDuringFault(experiment)).toContain('timeout');
  });

  it('keeps every invariant while connections are reset five times a second', async () => {
    let resets: NodeJS.Timeout | undefined;
    const experiment = await site.runExperiment({
      inject: () => (resets = setInterval(() => proxy.reset(), 200)),
      heal: () => clearInterval(resets),
      forMs: 1_000,
    });
    await expectInvariants(experiment, site);
  });

  it.each([
    { name: 'nothing gets through and no error comes', inject: () => proxy.blackHole() },
    { name: 'requests get through and replies do not', inject: () => proxy.dropReplies() },
  ])('keeps every invariant while $name', async ({ inject }) => {
    const experiment = await runExperiment(inject, 1_200);
    await expectInvariants(experiment, site);
    expect(exactShareDuringFault(experiment)).toBe(0);
    expect(causesDuringFault(experiment)).toContain('timeout');
    expect(site.peak.sockets).toBeLessThanOrEqual(20);
  });

  it('keeps every invariant while connections are refused, and waits for none of them', async () => {
    const experiment = await runExperiment(() => {
      proxy.refuse();
      proxy.reset();
    });
    await expectInvariants(experiment, site);
    expect(exactShareDuringFault(experiment)).toBe(0);
    expect(site.node.modes.map(({ cause }) => cause)).toContain('store-error');
  });
});
