import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisCluster } from '../support/redis-cluster.js';
import type { RedisProcess } from '../support/redis-process.js';
import { EngineSite } from './harness/engine-site.js';
import { causesDuringFault, expectInvariants } from './harness/expect-invariants.js';

describe('An engine on a Cluster of which one master freezes', () => {
  let cluster: RedisCluster;
  let site: EngineSite;
  let master: RedisProcess;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
    const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    site = await EngineSite.start({ kind: 'cluster', nodes });
    master = await cluster.nodeOfKey('{local:user=hot-0}');
  });
  afterAll(async () => {
    master.thaw();
    await site.stop();
    await cluster.stop();
  });

  it('keeps every invariant, also of those on the other masters', async () => {
    const experiment = await site.runExperiment({
      inject: () => master.freeze(),
      heal: () => master.thaw(),
      forMs: 1_000,
    });
    await expectInvariants(experiment, site);
    expect(causesDuringFault(experiment)).toContain('timeout');
  });
});
