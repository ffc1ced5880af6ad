import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisCluster } from '../support/redis-cluster.js';
import type { RedisProcess } from '../support/redis-process.js';
import { endureFailover } from './failover.js';
import { Ordeal, type Endured, type Told } from './ordeal.js';
import { expectPromisesKept } from './promises.js';

const EXACT_AGAIN_MS = 2_000;
/**
 * While the engine is degraded, the share of exact answers of a master that was spared is by so much above that of the
 * one that was not, however busy the machine is. Where all shards share a breaker, they are equal.
 */
const FAR_BETTER = 0.5;
/** While a slot moves, a script that needs a key here and one there is told to try again. */
const UNAFFECTED_BY_A_MOVE = 0.95;
const HOT: Pick<Told, 'policy' | 'user'> = { policy: 'local', user: 'hot-0' };

describe('An engine on a Cluster of three masters with replicas', () => {
  let cluster: RedisCluster;
  let ordeal: Ordeal;
  let hotSlot: number;
  /** The master of a hot user, and one that nothing happens to. */
  let struck: RedisProcess;
  let spared: RedisProcess;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicas: true, nodeTimeoutMs: 800, partitionable: true });
    hotSlot = await slotOf(HOT);
  }, 30_000);
  afterAll(() => cluster.stop());
  beforeEach(async () => {
    await cluster.whole();
    const masters = await cluster.masters();
    struck = (await cluster.ownerOf(hotSlot, masters[0]!))!;
    spared = masters.find((master) => master !== struck)!;
    await Promise.all(masters.map((master) => master.cli('FLUSHALL')));
    ordeal = await Ordeal.start(cluster.target);
  });
  afterEach(() => ordeal.close());

  function slotOf({ policy, user }: Pick<Told, 'policy' | 'user'>): Promise<number> {
    return cluster.slotOf(`{${policy}:user=${user}}`);
  }

  function exactShare(told: readonly Told[]): number {
    return told.filter(({ decision }) => decision.degraded === null).length / told.length;
  }

  /** While it was degraded, those whose counters live on one master in the end. */
  async function toldOf(master: RedisProcess | undefined, endured: Endured): Promise<Told[]> {
    const { modes, injectedAt } = endured;
    const from = modes.find(({ at }) => at >= injectedAt)!.at;
    const told = endured.told.filter(({ dueAt }) => dueAt > from && dueAt < modes.at(-1)!.at);
    const owners = await Promise.all(told.map(async (entry) => cluster.ownerOf(await slotOf(entry), spared)));
    return told.filter((_, index) => owners[index] === master);
  }

  async function expectOthersUnaffected(endured: Endured): Promise<void> {
    const successor = await cluster.ownerOf(hotSlot, spared);
    const [others, struckOnes] = await Promise.all([toldOf(spared, endured), toldOf(successor, endured)]);
    expect(exactShare(others) - exactShare(struckOnes)).toBeGreaterThan(FAR_BETTER);
  }

  /** Also the one that was a replica: none of them keeps anything on disk here, and that is said of each. */
  async function expectMastersExamined(): Promise<void> {
    const masters = (await cluster.masters()).map(({ port }) => `127.0.0.1:${port}`);
    const found = ordeal.engine.status().conditions.filter(({ condition }) => condition === 'persistence');
    expect(new Set(found.map(({ server }) => server))).toEqual(new Set(masters));
  }

  it.each([
    { how: 'is killed', strike: () => struck.kill(), mend: () => struck.restart() },
    { how: 'freezes', strike: () => struck.freeze(), mend: () => struck.thaw() },
    {
      how: 'is parted from the others, while we reach all',
      strike: () => cluster.isolate([struck]),
      mend: () => cluster.rejoin(),
    },
  ])(
    'keeps every promise when a master $how; the other shards notice nothing',
    async ({ strike, mend }) => {
      const promoted = () => cluster.successorOf(hotSlot, struck, spared);
      const { endured, audits, recoveredMs, unitsToldAgain } = await endureFailover(ordeal, {
        strike,
        promoted,
        mend,
      });
      expectPromisesKept(endured, audits, { unitsToldAgain });
      expect(recoveredMs).toBeLessThanOrEqual(EXACT_AGAIN_MS);
      await expectOthersUnaffected(endured);
      await expectMastersExamined();
    },
    40_000,
  );

  it('goes on while the slot of a hot user moves to another master and back', async () => {
    const endured = await ordeal.endure({
      inject: () => cluster.moveSlot(hotSlot, spared),
      heal: () => cluster.moveSlot(hotSlot, struck),
      forMs: 300,
    });
    expectPromisesKept(endured, await ordeal.audit(endured.told));
    expect(exactShare(endured.told)).toBeGreaterThan(UNAFFECTED_BY_A_MOVE);
  }, 20_000);
});
