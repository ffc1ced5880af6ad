import { eventually } from '../../../support/eventually.js';
import type { RedisCluster } from '../../../support/redis-cluster.js';
import type { RedisProcess } from '../../../support/redis-process.js';
import type { Blow, Fault, Wound } from '../fault.js';

interface HasCluster {
  readonly cluster: RedisCluster;
}

/** A master that is struck, one that is not, and a slot of the first. */
interface Struck {
  readonly master: RedisProcess;
  readonly spared: RedisProcess;
  readonly slot: number;
}

/** Something that happens to the master of a busy user until its replica is in its place. */
function failover(
  name: string,
  strike: (struck: Struck, cluster: RedisCluster) => Promise<() => unknown>,
): Fault<HasCluster> {
  return {
    name,
    lastsMs: [0, 0],
    strike: async ({ cluster }, blow): Promise<Wound> => {
      const struck = await struckBy(blow, cluster);
      const { master, spared, slot } = struck;
      const heal = await strike(struck, cluster);
      return { replaced: cluster.successorOf(slot, master, spared), heal };
    },
  };
}

async function struckBy({ busyUser }: Blow, cluster: RedisCluster): Promise<Struck> {
  const slot = await cluster.slotOf(`{local:user=${busyUser}}`);
  const masters = await cluster.masters();
  const master = (await cluster.ownerOf(slot, masters[0]!))!;
  return { master, spared: masters.find((one) => one !== master)!, slot };
}

/** What happens to one of the masters of a Cluster, and to its slots. */
export const clusterFaults: readonly Fault<HasCluster>[] = [
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
    strike: async ({ cluster }, blow) => {
      const { master, spared, slot } = await struckBy(blow, cluster);
      await cluster.moveSlot(slot, spared);
      return { heal: () => cluster.moveSlot(slot, master) };
    },
  },
  {
    name: 'master frozen for less than is noticed',
    lastsMs: [60, 500],
    strike: async ({ cluster }, blow) => {
      const { master } = await struckBy(blow, cluster);
      master.freeze();
      return { heal: () => master.thaw() };
    },
  },
];
