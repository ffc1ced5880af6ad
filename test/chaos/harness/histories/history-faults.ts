import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../support/eventually.js';
import type { RedisProcess } from '../../../support/redis-process.js';
import type { FaultScenario } from '../fault-scenario.js';
import type { Loss } from '../history.js';
import type { Random } from '../random.js';
import { networkFaults } from '../scenarios/network.js';
import { redisFaults } from '../scenarios/redis.js';
import type { HistorySite } from './history-site.js';

/** Those of the campaign that end soon, and lose nothing that was acknowledged. */
const OF_A_SERVER = [
  'Redis frozen 60 ms',
  'Redis frozen 600 ms',
  'busy with a long script',
  'CLIENT KILL, 5 a second',
];
const OF_THE_NETWORK = [
  'replies lost',
  'requests lost',
  'requests 10 to 90 ms late',
  'connections reset, 5 a second',
];
const LASTS_MS: readonly [least: number, most: number] = [60, 350];
const CALM_MS: readonly [least: number, most: number] = [40, 200];
/** Longer than a check's deadline: what was decided meanwhile is in the journal. */
const INTO_THE_OUTAGE_MS = 120;
const FAULTS_A_ROUND = 3;

type HistoryFault = Pick<FaultScenario<HistorySite>, 'name' | 'inject'>;

const KILLS: readonly HistoryFault[] = [
  {
    name: 'node killed',
    inject: async ({ nodes }, { random }) => {
      await random.pick(nodes).killAndRestart();
      return { heal: () => undefined };
    },
  },
  {
    name: 'node killed with a journal, while the store is frozen',
    inject: async ({ nodes, masters }, { random }) => {
      masters.forEach((redis) => redis.freeze());
      await sleep(INTO_THE_OUTAGE_MS);
      const restarted = random.pick(nodes).killAndRestart();
      await sleep(INTO_THE_OUTAGE_MS);
      masters.forEach((redis) => redis.thaw());
      await restarted;
      return { heal: () => undefined };
    },
  },
];

/** A server is emptied, or has no copy on its disk when it starts again. Only nodes that live on can replay what it had. */
const LOSSES: readonly HistoryFault[] = [
  {
    name: 'Redis emptied (FLUSHALL)',
    inject: async ({ masters }, { random }) => {
      await random.pick(masters).cli('FLUSHALL');
      return { heal: () => undefined };
    },
  },
  {
    name: 'Redis killed, back without data',
    inject: async ({ masters, auditTarget }, { random }) => {
      const redis = random.pick(masters);
      await redis.kill();
      // A node of a Cluster has none of its data on disk, and keeps what it knows of the Cluster.
      if (auditTarget.kind === 'single') await redis.forget();
      const heal = async () => {
        await redis.restart();
        // A master that starts again takes writes two seconds later (CLUSTER_WRITABLE_DELAY), so no node has found out before.
        if (auditTarget.kind === 'cluster') await takesWrites(redis);
      };
      return { heal };
    },
  },
];

async function takesWrites(master: RedisProcess): Promise<void> {
  const isOk = async () => String(await master.cli('CLUSTER', 'INFO')).startsWith('cluster_state:ok');
  await eventually(isOk, { withinMs: 10_000, what: 'a master that takes writes again' });
}

/** A node looks every second, and a fault may have kept it from hearing the first answers. */
const FOUND_OUT_WITHIN_MS = 10_000;
/** A node writes its watermark again, and replays when it has looked at all masters. */
const LOOKED_AT_ALL_MS = 200;

/** Every node has heard what every master has lost: its watermark is there again. */
async function foundOut({ masters, nodes }: HistorySite): Promise<void> {
  for (const master of masters) {
    const isKnown = async () =>
      ((await master.cli('KEYS', 'sd1:*:watermark:*')) as string[]).length >= nodes.length;
    await eventually(isKnown, { withinMs: FOUND_OUT_WITHIN_MS, what: 'nodes that know what was lost' });
  }
  await sleep(LOOKED_AT_ALL_MS);
}

/** All that can happen to a site while histories are played on it. */
function faultsOf({ proxies }: HistorySite): readonly HistoryFault[] {
  const ofServers = redisFaults
    .filter(({ name }) => OF_A_SERVER.includes(name))
    .map(({ name, inject }): HistoryFault => ({
      name,
      inject: ({ masters }, context) => inject({ redis: context.random.pick(masters) }, context),
    }));
  const ofTheNetwork = proxies.length > 0 ? networkFaults : [];
  return [...KILLS, ...ofServers, ...ofTheNetwork.filter(({ name }) => OF_THE_NETWORK.includes(name))];
}

/** A killed node, and two other faults after and before it, as the seed says; gives their names. */
export async function injectFaults(site: HistorySite, random: Random): Promise<readonly string[]> {
  const others = othersOf(site, random);
  const faults = random.shuffled([random.pick(KILLS), ...others.slice(0, FAULTS_A_ROUND - 1)]);
  for (const fault of faults) await injectOne(fault, site, random);
  return faults.map(({ name }) => name);
}

/** A server loses its data, another fault comes after that, and perhaps one before it; `lost` is called when it is back. */
export async function injectLoss(
  site: HistorySite,
  random: Random,
  lost: (loss: Loss) => void,
): Promise<readonly string[]> {
  const [after, ...others] = othersOf(site, random);
  const loss = random.pick(LOSSES);
  const before = others.slice(0, random.integer(0, 1));
  for (const fault of before) await injectOne(fault, site, random);
  lost(await injectOne(loss, site, random));
  await injectOne(after!, site, random);
  await foundOut(site);
  return [...before, loss, after!].map(({ name }) => name);
}

function othersOf(site: HistorySite, random: Random): readonly HistoryFault[] {
  return random.shuffled(faultsOf(site).filter((fault) => !KILLS.includes(fault)));
}

/** Says from when to when it was there. */
async function injectOne({ inject }: HistoryFault, site: HistorySite, random: Random): Promise<Loss> {
  await sleep(random.integer(...CALM_MS));
  const lastsMs = random.integer(...LASTS_MS);
  const from = performance.now();
  const injection = await inject(site, { random, lastsMs, busyUser: '', flood: undefined });
  await sleep(lastsMs);
  await injection.heal();
  return { from, to: performance.now() };
}
