import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisProcess } from '../support/redis-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Ordeal } from './ordeal.js';
import { causesDuringFault, exactShareDuringFault, expectPromisesKept } from './promises.js';

describe('An engine whose network to Redis breaks', () => {
  let redis: RedisProcess;
  let proxy: TcpProxy;
  let ordeal: Ordeal;
  beforeEach(async () => {
    redis = await RedisProcess.start();
    proxy = await TcpProxy.start(redis.port);
    const target = { kind: 'single', url: `redis://127.0.0.1:${proxy.port}` } as const;
    ordeal = await Ordeal.start(target, { kind: 'single', url: redis.url });
  });
  afterEach(async () => {
    await ordeal.close();
    proxy.stop();
    await redis.stop();
  });

  const endure = (inject: () => void, forMs = 800) =>
    ordeal.endure({ inject, heal: () => proxy.heal(), forMs });

  it('keeps every promise and still asks the store where replies come just in time', async () => {
    const endured = await endure(() => proxy.latency(45));
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    // Nearly all of them on a machine that has nothing else to do; a busy one needs the 5 ms for itself.
    expect(exactShareDuringFault(endured)).toBeGreaterThan(0);
  });

  it.each([55, 200])('keeps every promise and waits for nobody where replies take %d ms', async (ms) => {
    const endured = await endure(() => proxy.latency(ms));
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    // Where the event loop stalls, a reply that is a little late may still be read in the moment of grace.
    expect(exactShareDuringFault(endured)).toBeLessThan(0.5);
    expect(causesDuringFault(endured)).toContain('timeout');
  });

  it('keeps every promise while connections are reset five times a second', async () => {
    let resets: NodeJS.Timeout | undefined;
    const endured = await ordeal.endure({
      inject: () => (resets = setInterval(() => proxy.reset(), 200)),
      heal: () => clearInterval(resets),
      forMs: 1_000,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
  });

  it.each([
    { name: 'nothing gets through and nobody says so', inject: () => proxy.blackHole() },
    { name: 'requests get through and replies do not', inject: () => proxy.dropReplies() },
  ])('keeps every promise while $name', async ({ inject }) => {
    const endured = await endure(inject, 1_200);
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(exactShareDuringFault(endured)).toBe(0);
    expect(causesDuringFault(endured)).toContain('timeout');
    expect(endured.most.sockets).toBeLessThanOrEqual(20);
  });

  it('keeps every promise while connections are refused, and waits for none of them', async () => {
    const endured = await endure(() => {
      proxy.refuse();
      proxy.reset();
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(exactShareDuringFault(endured)).toBe(0);
    expect(endured.modes.map(({ cause }) => cause)).toContain('store-error');
  });
});
