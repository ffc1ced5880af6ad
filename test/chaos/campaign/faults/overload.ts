import type { TcpProxy } from '../../../support/tcp-proxy.js';
import type { Blow, Fault, Wound } from '../fault.js';
import type { ServiceNode } from '../service-node.js';

interface HasNodesAndProxies {
  readonly nodes: readonly ServiceNode[];
  readonly proxies: readonly TcpProxy[];
}

/** Far more than a node can answer within a check's deadline. */
const CONNECTIONS = 600;
/** No number of the load's own calls; repetitions are of a flood's own operations. */
const FIRST_CALL = 1_000_000;
/** Slow, and far from a check's deadline. */
const SLOW_MS = 10;

/** More callers than a node can answer, while Redis is well: it may wait, or turn them away, and not guess. */
export const overloadFaults: readonly Fault<HasNodesAndProxies>[] = [
  {
    name: 'overload',
    lastsMs: [800, 2_000],
    sparesRedis: true,
    strike: ({ nodes }, blow) => flood(blow.random.pick(nodes), blow),
  },
  {
    name: 'overload while Redis is slow',
    lastsMs: [800, 2_000],
    sparesRedis: true,
    strike: ({ nodes, proxies }, blow) => {
      for (const proxy of proxies) proxy.latency(SLOW_MS);
      const wound = flood(blow.random.pick(nodes), blow);
      return {
        heal: async () => {
          await wound.heal();
          await Promise.all(proxies.map((proxy) => proxy.heal()));
        },
      };
    },
  },
];

function flood(node: ServiceNode, { caller }: Blow): Wound {
  let isOver = false;
  node.overload();
  const flooding = caller.flood(node, { connections: CONNECTIONS, from: FIRST_CALL, ended: () => isOver });
  return {
    heal: async () => {
      isOver = true;
      await flooding;
      node.recovered();
    },
  };
}
