import type { RedisTarget } from '@sundial/redis';
import { RedisSentinel } from '../../../support/redis-sentinel.js';
import { sentinelFaults } from '../scenarios/sentinel.js';
import type { ServiceNode } from '../service-node.js';
import type { Site, Topology } from './site.js';
import { startNodes, stopAll } from './start-nodes.js';

/** A master with two replicas, three sentinels, and two services. */
export class SentinelSite implements Site {
  private constructor(
    readonly group: RedisSentinel,
    readonly nodes: readonly ServiceNode[],
  ) {}

  static async start(): Promise<SentinelSite> {
    const group = await RedisSentinel.start();
    const env = {
      REDIS_SENTINELS: group.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
      REDIS_SENTINEL_NAME: group.target.name,
    };
    try {
      return new SentinelSite(group, await startNodes([env, env]));
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  get auditTarget(): RedisTarget {
    return this.group.target;
  }

  whole(): Promise<void> {
    return this.group.whole();
  }

  stop(): Promise<void> {
    return stopAll(...this.nodes, this.group);
  }
}

export const SENTINEL: Topology<SentinelSite> = {
  name: 'sentinel',
  faults: sentinelFaults,
  start: () => SentinelSite.start(),
};
