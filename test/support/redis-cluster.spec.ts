import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster } from 'ioredis';
import { RedisCluster } from './redis-cluster.js';

describe('RedisCluster', () => {
  let cluster: RedisCluster;
  let client: Cluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
    client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
  });
  afterAll(async () => {
    client.disconnect();
    await cluster.stop();
  });

  it('serves a key from the node it names', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
    for (const key of keys) {
      await client.set(key, 'here');
      expect(await (await cluster.nodeOfKey(key)).cli('GET', key)).toBe('here');
    }
    expect(new Set(await Promise.all(keys.map((key) => cluster.nodeOfKey(key)))).size).toBe(3);
  });

  it('names the first and the last node of the slot range', () => {
    expect(cluster.nodeOfSlot(0)).toBe(cluster.nodes[0]);
    expect(cluster.nodeOfSlot(16_383)).toBe(cluster.nodes[2]);
    expect(() => cluster.nodeOfSlot(16_384)).toThrow(RangeError);
  });
});
