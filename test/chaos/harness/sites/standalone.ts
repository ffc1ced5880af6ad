import type { RedisTarget } from '@sundial/redis';
import { RedisProcess } from '../../../support/redis-process.js';
import { TcpProxy } from '../../../support/tcp-proxy.js';
import { networkFaults } from '../scenarios/network.js';
import { nodeFaults } from '../scenarios/nodes.js';
import { overloadFaults } from '../scenarios/overload.js';
import { redisFaults } from '../scenarios/redis.js';
import type { ServiceNode } from '../service-node.js';
import type { Site, Topology } from './site.js';
import { startNodes, stopAll } from './start-nodes.js';

/** One Redis with its data on disk, as docs/redis.md asks, and two services that reach it by a proxy each. */
export class StandaloneSite implements Site {
  private constructor(
    readonly redis: RedisProcess,
    /** One for each node. */
    readonly proxies: readonly TcpProxy[],
    readonly nodes: readonly ServiceNode[],
  ) {}

  static async start(): Promise<StandaloneSite> {
    const redis = await RedisProcess.start({ args: ['--appendonly', 'yes'] });
    const proxies = await Promise.all([TcpProxy.start(redis.port), TcpProxy.start(redis.port)]);
    try {
      const nodes = await startNodes(proxies.map(({ port }) => ({ REDIS_URL: `redis://127.0.0.1:${port}` })));
      return new StandaloneSite(redis, proxies, nodes);
    } catch (error) {
      await stopAll(...proxies, redis);
      throw error;
    }
  }

  get auditTarget(): RedisTarget {
    return { kind: 'single', url: this.redis.url };
  }

  async whole(): Promise<void> {
    await this.redis.cli('PING');
  }

  stop(): Promise<void> {
    return stopAll(...this.nodes, ...this.proxies, this.redis);
  }
}

export const STANDALONE: Topology<StandaloneSite> = {
  name: 'standalone',
  faults: [...redisFaults, ...networkFaults, ...nodeFaults, ...overloadFaults],
  start: () => StandaloneSite.start(),
};
