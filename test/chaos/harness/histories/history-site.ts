import type { Rule } from '@sundial/contract';
import type { Store } from '@sundial/engine';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { RedisCluster } from '../../../support/redis-cluster.js';
import { RedisProcess } from '../../../support/redis-process.js';
import { TcpProxy } from '../../../support/tcp-proxy.js';
import { middleOfAYearOffsetMs } from '../rules.js';
import type { Site } from '../sites/site.js';
import { stopAll } from '../sites/start-nodes.js';
import { CrashingNode } from './crashing-node.js';

/** Two nodes in this process, which can be killed, on a store of one Redis or of three masters. */
export interface HistorySite extends Site {
  readonly nodes: readonly CrashingNode[];
  readonly masters: readonly RedisProcess[];
  /** One for each node; none on a Cluster. */
  readonly proxies: readonly TcpProxy[];
}

export interface HistorySiteOptions {
  readonly rules: readonly Rule[];
  /** What the nodes ask in place of their store: a mutant of it. */
  readonly asked?: (store: RedisStore) => Store;
}

const EXAMINED_WITHIN_MS = 5_000;

export async function startStandalone(options: HistorySiteOptions): Promise<HistorySite> {
  const redis = await RedisProcess.start({ args: ['--appendonly', 'yes'] });
  const proxies = await Promise.all([TcpProxy.start(redis.port), TcpProxy.start(redis.port)]);
  const targets = proxies.map(({ port }): RedisTarget => ({
    kind: 'single',
    url: `redis://127.0.0.1:${port}`,
  }));
  return siteOn(options, {
    ...{ targets, masters: [redis], proxies, servers: [...proxies, redis] },
    auditTarget: { kind: 'single', url: redis.url },
  });
}

export async function startCluster(options: HistorySiteOptions): Promise<HistorySite> {
  const cluster = await RedisCluster.start();
  return siteOn(options, {
    ...{ targets: [cluster.target, cluster.target], masters: cluster.nodes, proxies: [] },
    ...{ servers: [cluster], auditTarget: cluster.target },
  });
}

interface Servers extends Pick<HistorySite, 'masters' | 'proxies' | 'auditTarget'> {
  /** How each node reaches the store. */
  readonly targets: readonly RedisTarget[];
  readonly servers: readonly { stop(): unknown }[];
}

async function siteOn(
  { rules, asked = (store) => store }: HistorySiteOptions,
  { targets, servers, ...site }: Servers,
): Promise<HistorySite> {
  const live = targets.length;
  const nodes = await Promise.all(
    targets.map((target, rank) =>
      CrashingNode.start({
        ...{ name: `node ${rank + 1}`, rules, share: { live, rank } },
        open: async () => {
          const store = new RedisStore(target, { clockOffsetMs: middleOfAYearOffsetMs() });
          // As a service does before its first check: by then the nodes share the secret of Redis.
          await store.examined(EXAMINED_WITHIN_MS);
          return asked(store);
        },
      }),
    ),
  );
  return {
    ...site,
    nodes,
    whole: async () => undefined,
    stop: () => stopAll(...nodes, ...servers),
  };
}
