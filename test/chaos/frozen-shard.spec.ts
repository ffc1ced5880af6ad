import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisCluster } from '../support/redis-cluster.js';
import type { RedisProcess } from '../support/redis-process.js';
import { Ordeal } from './ordeal.js';
import { causesDuringFault, expectPromisesKept } from './promises.js';

describe('An engine on a Cluster of which one master freezes', () => {
  let cluster: RedisCluster;
  let ordeal: Ordeal;
  let master: RedisProcess;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
    const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    ordeal = await Ordeal.start({ kind: 'cluster', nodes });
    master = await cluster.nodeOfKey('{local:user=hot-0}');
  });
  afterAll(async () => {
    master.thaw();
    await ordeal.close();
    await cluster.stop();
  });

  it('keeps every promise, also of those on the other masters', async () => {
    const endured = await ordeal.endure({
      inject: () => master.freeze(),
      heal: () => master.thaw(),
      forMs: 1_000,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(causesDuringFault(endured)).toContain('timeout');
  });
});
