import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisCluster } from '../support/redis-cluster.js';
import type { RedisProcess } from '../support/redis-process.js';
import { EngineSite } from './harness/engine-site.js';
import { exactShare, expectInvariants } from './harness/expect-invariants.js';
import type { Experiment, FirstAttempt } from './harness/experiment.js';
import { runFailover } from './harness/failover.js';
import type { Operation } from './harness/workload.js';

/**
 * While the engine is degraded, the share of exact answers of a master that was spared is by so much above that of the
 * one that was not, however busy the machine is. Where all shards share a breaker, they are equal.
 */
const FAR_BETTER = 0.5;
/** While a slot moves, a script that needs a key here and one there is answered that it should try again. */
const UNAFFECTED_BY_A_MOVE = 0.95;
const HOT = { resource: 'local', subject: { user: 'hot-0' } };

describe('An engine on a Cluster of three masters with replicas', () => {
  let cluster: RedisCluster;
  let site: EngineSite;
  let hotSlot: number;
  /** The master of a hot user, and one that nothing happens to. */
  let affected: RedisProcess;
  let spared: RedisProcess;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicas: true, nodeTimeoutMs: 800, partitionable: true });
    hotSlot = await slotOf(HOT);
  }, 30_000);
  afterAll(() => cluster.stop());
  beforeEach(async () => {
    await cluster.whole();
    const masters = await cluster.masters();
    affected = (await cluster.ownerOf(hotSlot, masters[0]!))!;
    spared = masters.find((master) => master !== affected)!;
    await Promise.all(masters.map((master) => master.cli('FLUSHALL')));
    site = await EngineSite.start(cluster.target);
  });
  afterEach(() => site.stop());

  function slotOf({ resource, subject }: Pick<Operation, 'resource' | 'subject'>): Promise<number> {
    return cluster.slotOf(`{${resource}:user=${subject.user}}`);
  }

  /** While the engine was degraded, the calls whose counters live on one master in the end. */
  async function callsTo(
    master: RedisProcess | undefined,
    { calls, injectedAt }: Experiment,
  ): Promise<FirstAttempt[]> {
    const { modes } = site.node;
    const from = modes.find(({ at }) => at >= injectedAt)!.at;
    const meanwhile = calls.filter(({ dueAt }) => dueAt > from && dueAt < modes.at(-1)!.at);
    const owners = await Promise.all(
      meanwhile.map(async ({ attempt }) => cluster.ownerOf(await slotOf(attempt.operation), spared)),
    );
    return meanwhile.filter((_, index) => owners[index] === master);
  }

  async function expectOthersUnaffected(experiment: Experiment): Promise<void> {
    const successor = await cluster.ownerOf(hotSlot, spared);
    const [others, affected] = await Promise.all([
      callsTo(spared, experiment),
      callsTo(successor, experiment),
    ]);
    expect(exactShare(others) - exactShare(affected)).toBeGreaterThan(FAR_BETTER);
  }

  /** Also the one that was a replica: none of them keeps anything on disk here, and that is said of each. */
  async function expectMastersExamined(): Promise<void> {
    const masters = (await cluster.masters()).map(({ port }) => `127.0.0.1:${port}`);
    const found = site.engine.status().findings.filter(({ finding }) => finding === 'persistence');
    expect(new Set(found.map(({ server }) => server))).toEqual(new Set(masters));
  }

  it.each([
    { how: 'is killed', inject: () => affected.kill(), heal: () => affected.restart() },
    { how: 'freezes', inject: () => affected.freeze(), heal: () => affected.thaw() },
    {
      how: 'is parted from the others, while we reach all',
      inject: () => cluster.isolate([affected]),
      heal: () => cluster.rejoin(),
    },
  ])(
    'keeps every invariant when a master $how; the other shards are not affected',
    async ({ inject, heal }) => {
      const promoted = () => cluster.successorOf(hotSlot, affected, spared);
      const { experiment, replayedOperations } = await runFailover(site, { inject, promoted, heal });
      await expectInvariants(experiment, site, { replayedOperations });
      await expectOthersUnaffected(experiment);
      await expectMastersExamined();
    },
    40_000,
  );

  it('goes on while the slot of a hot user moves to another master and back', async () => {
    const experiment = await site.runExperiment({
      inject: () => cluster.moveSlot(hotSlot, spared),
      heal: () => cluster.moveSlot(hotSlot, affected),
      forMs: 300,
    });
    await expectInvariants(experiment, site);
    expect(exactShare(experiment.calls)).toBeGreaterThan(UNAFFECTED_BY_A_MOVE);
  }, 20_000);
});
