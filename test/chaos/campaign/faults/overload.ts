import type { RedisProcess } from '../../../support/redis-process.js';
import type { Blow, Fault, Wound } from '../fault.js';
import type { ServiceNode } from '../service-node.js';

interface HasNodesAndRedis {
  readonly nodes: readonly ServiceNode[];
  readonly redis: RedisProcess;
}

/** Far more than a node can answer within a check's deadline. */
const CONNECTIONS = 600;
/** No number of the load's own calls; repetitions are of a flood's own operations. */
const FIRST_CALL = 1_000_000;
/** A script of another program that takes Redis for so long, again and again: slow, and far from a check's deadline. */
const BUSY_MS = 8;
const BUSY_EVERY_MS = 25;
const BUSY = `
  local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
  local till = now() + tonumber(ARGV[1])
  while now() < till do end`;

/** More callers than a node can answer, while Redis is well: it may wait, or turn them away, and not guess. */
export const overloadFaults: readonly Fault<HasNodesAndRedis>[] = [
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
    strike: ({ nodes, redis }, blow) => {
      const busy = setInterval(() => void redis.cli('EVAL', BUSY, 0, BUSY_MS), BUSY_EVERY_MS);
      const wound = flood(blow.random.pick(nodes), blow);
      return {
        heal: async () => {
          await wound.heal();
          clearInterval(busy);
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
