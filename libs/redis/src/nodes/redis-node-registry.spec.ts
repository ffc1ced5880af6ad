import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisProcess } from '../../../../test/support/redis-process.js';
import { connectRedis, type RedisClient } from '../connection/redis-connection.js';
import { RedisNodeRegistry } from './redis-node-registry.js';

const NODES = 'sd1:{rules}:nodes';

let redis: RedisProcess;
let clients: RedisClient[];
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  clients = [];
  await redis.cli('FLUSHALL');
});
afterEach(() => clients.forEach((client) => client.disconnect()));

async function registry(nodeId: string, keyPrefix?: string): Promise<RedisNodeRegistry> {
  const client = connectRedis({ kind: 'single', url: redis.url }, nodeId);
  clients.push(client);
  if (client.status !== 'ready') await new Promise((resolve) => client.once('ready', resolve));
  return new RedisNodeRegistry(client, { nodeId, ...(keyPrefix !== undefined && { keyPrefix }) });
}

describe('the nodes of one Redis', () => {
  it('begin as one node alone', async () => {
    const { live, rank } = await registry('a');
    expect([live, rank]).toEqual([1, 0]);
  });

  it('are known to each by its heartbeat, with the versions that they apply', async () => {
    const [b, a] = [await registry('b'), await registry('a')];
    expect(await b.heartbeat({ applied: 7, wanted: 7 })).toMatchObject({ live: 1, applied: 1 });
    expect(await a.heartbeat({ applied: 6, wanted: 7 })).toMatchObject({ live: 2, applied: 1 });
    expect(await a.heartbeat({ applied: 6, wanted: 6 })).toMatchObject({ live: 2, applied: 2 });
    expect([a.live, a.rank]).toEqual([2, 0]);
    expect([b.live, b.rank]).toEqual([1, 0]);
    await b.heartbeat({ applied: 7, wanted: 7 });
    expect([b.live, b.rank]).toEqual([2, 1]);
  });

  it('learn which rules are stored in the same call', async () => {
    const a = await registry('a');
    const none = { version: 0, stamp: '' };
    expect((await a.heartbeat({ applied: 0, wanted: 0 })).rules).toEqual(none);
    await redis.cli('HSET', 'sd1:{rules}:book', 'version', '12', 'stamp', 'c12');
    expect((await a.heartbeat({ applied: 0, wanted: 0 })).rules).toEqual({ version: 12, stamp: 'c12' });
  });

  it('do not count one that has left', async () => {
    const [a, b] = [await registry('a'), await registry('b')];
    await a.heartbeat({ applied: 1, wanted: 1 });
    await b.heartbeat({ applied: 1, wanted: 1 });
    await a.leave();
    expect(await redis.cli('HKEYS', NODES)).toEqual(['b']);
    expect(await b.heartbeat({ applied: 1, wanted: 1 })).toMatchObject({ live: 1, applied: 1 });
    expect(b.rank).toBe(0);
  });

  it('do not count those of another prefix', async () => {
    const [a, other] = [await registry('a'), await registry('b', 'test')];
    await a.heartbeat({ applied: 1, wanted: 1 });
    expect(await other.heartbeat({ applied: 1, wanted: 1 })).toMatchObject({ live: 1 });
  });

  it('share what is left as they did when their Redis was heard of last', async () => {
    const [a, b] = [await registry('a'), await registry('b')];
    await a.heartbeat({ applied: 1, wanted: 1 });
    await b.heartbeat({ applied: 1, wanted: 1 });
    clients[1]!.disconnect();
    await expect(b.heartbeat({ applied: 1, wanted: 1 })).rejects.toThrow();
    expect([b.live, b.rank]).toEqual([2, 1]);
  });

  it('list each other, with what each says of itself, while they live', async () => {
    const [a, b, silent] = [await registry('a'), await registry('b'), await registry('c')];
    a.describe('{"name":"first"}');
    b.describe('x'.repeat(4_097));
    for (const node of [a, b, silent]) await node.heartbeat({ applied: 7, wanted: 7 });
    const [seconds, micros] = ((await redis.cli('TIME')) as string[]).map(Number);
    const now = seconds! * 1_000 + Math.floor(micros! / 1_000);
    const listed = await b.list(now);
    expect(listed.map(({ id, applied, record }) => [id, applied, record])).toEqual([
      ['a', 7, '{"name":"first"}'],
      ['b', 7, undefined],
      ['c', 7, undefined],
    ]);
    expect(listed.every(({ seenAt }) => Math.abs(now - seenAt) < 2_000)).toBe(true);
    await a.leave();
    expect((await b.list(now)).map(({ id }) => id)).toEqual(['b', 'c']);
    expect(await b.list(now + 10_000)).toEqual([]);
  });
});
