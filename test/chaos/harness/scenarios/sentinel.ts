import type { RedisSentinel } from '../../../support/redis-sentinel.js';
import type { FaultScenario } from '../fault-scenario.js';

interface HasGroup {
  readonly group: RedisSentinel;
}

/** A failover by command that takes sentinels too long is given up, and they do not try again by themselves. */
const GIVEN_UP_MS = 4_000;

/** What happens to a master that sentinels watch, and to them. */
export const sentinelFaults: readonly FaultScenario<HasGroup>[] = [
  {
    name: 'master killed',
    lastsMs: [0, 0],
    losesWrites: true,
    inject: async ({ group }) => {
      const master = await group.master();
      await master.kill();
      return { replaced: group.masterAfter(master), heal: () => master.restart() };
    },
  },
  {
    name: 'master and a sentinel frozen',
    lastsMs: [0, 0],
    losesWrites: true,
    inject: async ({ group }, { random }) => {
      const master = await group.master();
      // The last one is asked who the master is.
      const frozen = [master, random.pick(group.sentinels.slice(0, -1))];
      frozen.forEach((server) => server.freeze());
      return {
        replaced: group.masterAfter(master),
        heal: () => frozen.forEach((server) => server.thaw()),
      };
    },
  },
  {
    name: 'SENTINEL FAILOVER',
    lastsMs: [0, 0],
    losesWrites: true,
    inject: async ({ group }) => {
      const master = await group.master();
      await group.failOver();
      const again = setInterval(() => void group.failOver().catch(() => undefined), GIVEN_UP_MS);
      const replaced = group.masterAfter(master).finally(() => clearInterval(again));
      return { replaced, heal: () => undefined };
    },
  },
  {
    name: 'master lost to the sentinels only',
    lastsMs: [0, 0],
    losesWrites: true,
    inject: async ({ group }) => {
      const master = await group.master();
      await group.hide(master);
      return { replaced: group.masterAfter(master), heal: () => group.reveal(master) };
    },
  },
  {
    name: 'master frozen for less than is noticed',
    lastsMs: [60, 300],
    inject: async ({ group }) => {
      const master = await group.master();
      master.freeze();
      return { heal: () => master.thaw() };
    },
  },
  {
    name: 'all sentinels frozen',
    lastsMs: [500, 2_000],
    inject: ({ group: { sentinels } }) => {
      sentinels.forEach((sentinel) => sentinel.freeze());
      return { heal: () => sentinels.forEach((sentinel) => sentinel.thaw()) };
    },
  },
];
