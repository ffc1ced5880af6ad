import { eventually } from '../../../support/eventually.js';
import type { RedisCluster } from '../../../support/redis-cluster.js';
import type { RedisProcess } from '../../../support/redis-process.js';
import type { InjectionContext, FaultScenario, Injection } from '../fault-scenario.js';

interface HasCluster {
  readonly cluster: RedisCluster;
}

/** A master that the fault affects, one that it spares, and a slot of the first. */
interface Injected {
  readonly master: RedisProcess;
  readonly spared: RedisProcess;
  readonly slot: number;
}

/** Something that happens to the master of a busy user until its replica is in its place. */
function failover(
  name: string,
  inject: (affected: Injected, cluster: RedisCluster) => Promise<() => unknown>,
): FaultScenario<HasCluster> {
  return {
    name,
    lastsMs: [0, 0],
    losesWrites: true,
    inject: async ({ cluster }, context): Promise<Injection> => {
      const affected = await affectedBy(context, cluster);
      const { master, spared, slot } = affected;
      const heal = await inject(affected, cluster);
      return { replaced: cluster.successorOf(slot, master, spared), heal };
    },
  };
}

async function affectedBy({ busyUser }: InjectionContext, cluster: RedisCluster): Promise<Injected> {
  const slot = await cluster.slotOf(`{local:user=${busyUser}}`);
  const masters = await cluster.masters();
  const master = (await cluster.ownerOf(slot, masters[0]!))!;
  return { master, spared: masters.find((one) => one !== master)!, slot };
}

/** What happens to one of the masters of a Cluster, and to its slots. */
export const clusterFaults: readonly FaultScenario<HasCluster>[] = [
  failover('master killed', async ({ master }) => {
    await master.kill();
    return () => master.restart();
  }),
  failover('master frozen', async ({ master }) => {
    master.freeze();
    return () => master.thaw();
  }),
  failover('CLUSTER FAILOVER', async ({ master }, cluster) => {
    const replica = await cluster.replicaOf(master);
    await eventually(() => replica.cli('CLUSTER', 'FAILOVER'));
    return () => undefined;
  }),
  failover('master parted from the others', async ({ master }, cluster) => {
    await cluster.isolate([master]);
    return () => cluster.rejoin();
  }),
  {
    name: 'a busy slot moves, and back',
    lastsMs: [100, 600],
    inject: async ({ cluster }, context) => {
      const { master, spared, slot } = await affectedBy(context, cluster);
      await cluster.moveSlot(slot, spared);
      return { heal: () => cluster.moveSlot(slot, master) };
    },
  },
  {
    name: 'master frozen for less than is noticed',
    lastsMs: [60, 500],
    inject: async ({ cluster }, context) => {
      const { master } = await affectedBy(context, cluster);
      master.freeze();
      return { heal: () => master.thaw() };
    },
  },
];
