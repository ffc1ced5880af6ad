import type { RedisTarget } from '@sundial/redis';
import { RedisCluster } from '../../../support/redis-cluster.js';
import { clusterFaults } from '../scenarios/cluster.js';
import type { ServiceNode } from '../service-node.js';
import type { Site, Topology } from './site.js';
import { startNodes, stopAll } from './start-nodes.js';

/** Soon enough for a campaign; a master of a real Cluster is usually given more time. */
const NODE_TIMEOUT_MS = 800;

/** Three masters with a replica each, and two services. */
export class ClusterSite implements Site {
  private constructor(
    readonly cluster: RedisCluster,
    readonly nodes: readonly ServiceNode[],
  ) {}

  static async start(): Promise<ClusterSite> {
    const cluster = await RedisCluster.start({
      replicas: true,
      nodeTimeoutMs: NODE_TIMEOUT_MS,
      partitionable: true,
    });
    const hosts = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const env = { REDIS_CLUSTER_NODES: hosts };
    try {
      return new ClusterSite(cluster, await startNodes([env, env]));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get auditTarget(): RedisTarget {
    return this.cluster.target;
  }

  whole(): Promise<void> {
    return this.cluster.whole();
  }

  stop(): Promise<void> {
    return stopAll(...this.nodes, this.cluster);
  }
}

export const CLUSTER: Topology<ClusterSite> = {
  name: 'cluster',
  faults: clusterFaults,
  start: () => ClusterSite.start(),
};
