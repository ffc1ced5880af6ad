import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisProcess } from '../../../support/redis-process.js';
import type { FaultScenario } from '../fault-scenario.js';
import type { ServiceNode } from '../service-node.js';

interface HasNodes {
  readonly nodes: readonly ServiceNode[];
}

/** Long enough for a breaker to open and a journal to fill. */
const INTO_THE_OUTAGE_MS = 700;

/** What happens to one of the nodes, as the seed says; the other one goes on. */
export const nodeFaults: readonly FaultScenario<HasNodes & { readonly redis: RedisProcess }>[] = [
  {
    name: 'node killed and restarted',
    lastsMs: [200, 1_000],
    restartsNode: true,
    inject: async ({ nodes }, { random }) => {
      const node = random.pick(nodes);
      await node.kill();
      return { heal: () => node.restart() };
    },
  },
  {
    name: 'node killed with a journal, in an outage',
    lastsMs: [300, 800],
    restartsNode: true,
    inject: async ({ nodes, redis }, { random }) => {
      const node = random.pick(nodes);
      redis.freeze();
      await sleep(INTO_THE_OUTAGE_MS);
      await node.kill();
      return {
        heal: async () => {
          redis.thaw();
          await node.restart();
        },
      };
    },
  },
  {
    name: 'node restarted (SIGTERM) in an outage',
    lastsMs: [100, 500],
    restartsNode: true,
    inject: async ({ nodes, redis }, { random }) => {
      const node = random.pick(nodes);
      redis.freeze();
      await sleep(INTO_THE_OUTAGE_MS);
      await node.leave();
      return {
        heal: async () => {
          redis.thaw();
          await node.restart();
        },
      };
    },
  },
  {
    name: 'node frozen',
    lastsMs: [100, 3_500],
    inject: ({ nodes }, { random }) => {
      const node = random.pick(nodes);
      node.freeze();
      return { heal: () => node.thaw() };
    },
  },
  {
    name: 'node restarted (SIGTERM)',
    lastsMs: [0, 300],
    restartsNode: true,
    inject: async ({ nodes }, { random }) => {
      const node = random.pick(nodes);
      await node.leave();
      return { heal: () => node.restart() };
    },
  },
  {
    name: 'node computes for 400 ms',
    lastsMs: [400, 400],
    inject: ({ nodes }, { random }) => {
      random.pick(nodes).keepBusy();
      return { heal: () => undefined };
    },
  },
];
