import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { StoreError } from '@sundial/engine/ports';
import type { RedisStore } from '@sundial/redis';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { openRedisStore } from './store-under-test.js';
import { scriptsRun } from './redis-commands.js';
import { counter, hourly, settling, taking } from './store-requests.js';

/** ioredis sends again, by default, what was in flight when a connection was lost: it would count twice. */
describe('a command that was in flight when the connection was lost', () => {
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  const counters = [counter([hourly(1_000, { at: Date.now() })])];

  async function behindProxy() {
    const redis = await RedisProcess.start();
    undo.push(() => redis.stop());
    const proxy = await TcpProxy.start(redis.port);
    undo.push(() => proxy.stop());
    const store = await openRedisStore({ kind: 'single', url: `redis://127.0.0.1:${proxy.port}` });
    undo.push(() => store.close());
    await store.take(taking(counters));
    await store.settle(settling('void', taking(counters)));
    await redis.cli('CONFIG', 'RESETSTAT');
    return { redis, proxy, store };
  }

  it.each(['take', 'settle'] as const)(
    'is not sent again, and its execution status is unknown: %s',
    async (verb) => {
      const { redis, proxy, store } = await behindProxy();
      proxy.dropReplies();
      const lost = ask(store, verb);
      await eventually(async () => (await scriptsRun(redis)) === 1);
      await proxy.heal();
      await expect(lost).rejects.toMatchObject({ name: 'StoreError', executionStatus: 'unknown' });
      await reconnected(store);
      expect(await scriptsRun(redis)).toBe(1);
    },
  );

  it('is not sent to the server that takes its place', async () => {
    const { redis, store } = await behindProxy();
    redis.freeze();
    const lost = ask(store, 'take');
    const settled = expect(lost).rejects.toBeInstanceOf(StoreError);
    await sleep(20);
    await redis.kill();
    await redis.restart();
    await settled;
    await reconnected(store);
    expect(await redis.cli('EXISTS', counters[0]!.key)).toBe(0);
  });

  it('is not sent again in a Cluster, by way of another node', async () => {
    const cluster = await RedisCluster.start();
    undo.push(() => cluster.stop());
    const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    const store = await openRedisStore({ kind: 'cluster', nodes });
    undo.push(() => store.close());
    const node = await cluster.nodeOfKey(counters[0]!.key);
    await store.take(taking(counters));
    await node.cli('CONFIG', 'RESETSTAT');
    node.freeze();
    await expect(ask(store, 'take')).rejects.toMatchObject({
      name: 'StoreError',
      executionStatus: 'unknown',
    });
    await sleep(250);
    node.thaw();
    await eventually(async () => (await scriptsRun(node)) > 0);
    await sleep(150);
    expect(await scriptsRun(node)).toBe(1);
  });

  it('is not kept for later while there is no connection', async () => {
    const { redis, proxy, store } = await behindProxy();
    proxy.refuse();
    proxy.reset();
    await eventually(() =>
      ask(store, 'take').then(
        () => false,
        () => true,
      ),
    );
    await expect(ask(store, 'take')).rejects.toMatchObject({ executionStatus: 'not-executed' });
    const before = await scriptsRun(redis);
    await proxy.heal();
    await reconnected(store);
    expect(await scriptsRun(redis)).toBe(before);
  });

  async function ask(store: RedisStore, verb: 'take' | 'settle'): Promise<unknown> {
    const request = taking(counters);
    return verb === 'take' ? store.take(request) : store.settle(settling('count', request));
  }

  async function reconnected(store: RedisStore): Promise<void> {
    await eventually(() => store.probe().then(() => true));
    await sleep(150);
  }
});
