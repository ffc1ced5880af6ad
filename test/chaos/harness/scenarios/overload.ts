import type { RedisProcess } from '../../../support/redis-process.js';
import type { InjectionContext, FaultScenario, Injection } from '../fault-scenario.js';
import type { ServiceNode } from '../service-node.js';

interface HasNodesAndRedis {
  readonly nodes: readonly ServiceNode[];
  readonly redis: RedisProcess;
}

/** Far more than a node can answer within a check's deadline. */
const CONNECTIONS = 600;
/** A script of another program that takes Redis for so long, again and again: slow, and far from a check's deadline. */
const BUSY_MS = 8;
const BUSY_EVERY_MS = 25;
const BUSY = `
  local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
  local till = now() + tonumber(ARGV[1])
  while now() < till do end`;

/** More callers than a node can answer, while Redis is well: it may wait, or turn them away, and not guess. */
export const overloadFaults: readonly FaultScenario<HasNodesAndRedis>[] = [
  {
    name: 'overload',
    lastsMs: [800, 2_000],
    sparesRedis: true,
    floods: true,
    inject: ({ nodes }, context) => overload(context.random.pick(nodes), context),
  },
  {
    name: 'overload while Redis is slow',
    lastsMs: [800, 2_000],
    sparesRedis: true,
    floods: true,
    inject: async ({ nodes, redis }, context) => {
      const injection = await overload(context.random.pick(nodes), context);
      const busy = setInterval(() => void redis.cli('EVAL', BUSY, 0, BUSY_MS), BUSY_EVERY_MS);
      return {
        heal: async () => {
          await injection.heal();
          clearInterval(busy);
        },
      };
    },
  },
];

async function overload(node: ServiceNode, { flood }: InjectionContext): Promise<Injection> {
  node.overload();
  await flood!.begin(node, CONNECTIONS);
  return {
    heal: async () => {
      await flood!.end();
      node.recovered();
    },
  };
}
