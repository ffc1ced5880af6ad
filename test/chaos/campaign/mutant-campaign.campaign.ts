import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { eventually } from '../../support/eventually.js';
import { RedisProcess } from '../../support/redis-process.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import {
  ADDS_AGAIN,
  NEVER_SETTLES,
  NEVER_REPLAYS,
  NEVER_VOIDS,
  mutant,
  type Mutation,
} from '../harness/mutant-store.js';
import { Auditor } from '../harness/auditor.js';
import { EngineNode } from '../harness/engine-node.js';
import { runExperiment } from '../harness/experiment.js';
import type { FaultScenario } from '../harness/fault-scenario.js';
import { networkFaults } from '../harness/scenarios/network.js';
import { redisFaults } from '../harness/scenarios/redis.js';
import { brokenIn, type Broken } from '../harness/invariants.js';
import { Load } from '../harness/load.js';
import { middleOfAYearOffsetMs, RULES } from '../harness/rules.js';
import { stopAll } from '../harness/sites/start-nodes.js';
import { story } from '../harness/story.js';

const SEED = 3;
const SOUND: Mutation = () => ({});
/** The store admits twice of everything. */
const GENEROUS: Mutation = (store) => ({
  take: (request) =>
    store.take({
      ...request,
      counters: request.counters.map((counter) => ({
        ...counter,
        limits: counter.limits.map((limit) => ({ ...limit, max: 2 * limit.max })),
      })),
    }),
});

/** The campaign's own scenarios, load and judge, on mutant engines: each lacks something that keeps counters right. */
describe('A campaign', () => {
  let redis: RedisProcess;
  let proxies: TcpProxy[];
  let nodes: EngineNode[] = [];
  let auditor: Auditor;
  beforeEach(async () => {
    redis = await RedisProcess.start({ args: ['--appendonly', 'yes'] });
    proxies = [await TcpProxy.start(redis.port), await TcpProxy.start(redis.port)];
    auditor = new Auditor(auditTarget(), RULES);
  });
  afterEach(() => stopAll(...nodes, { stop: () => auditor.close() }, ...proxies, redis));

  const auditTarget = (): RedisTarget => ({ kind: 'single', url: redis.url });

  async function experimentOn(
    mutation: Mutation,
    named: string,
  ): Promise<{ broken: Broken; report: string }> {
    const clockOffsetMs = middleOfAYearOffsetMs();
    const stores = proxies.map(
      ({ port }) => new RedisStore({ kind: 'single', url: `redis://127.0.0.1:${port}` }, { clockOffsetMs }),
    );
    // As a service does before its first check: by then the nodes share the secret of Redis.
    await Promise.all(stores.map((store) => store.examined(5_000)));
    nodes = stores.map(
      (store, rank) => new EngineNode(`node ${rank + 1}`, mutant(store, mutation), RULES, { live: 2, rank }),
    );
    // By then each, and the auditor, has left its watermark, and would detect that it is gone.
    await eventually(async () => Number(await redis.cli('DBSIZE')) >= 3);
    const site = {
      redis,
      proxies,
      nodes,
      auditTarget: auditTarget(),
      whole: async () => undefined,
      stop: async () => undefined,
    };
    const faults: readonly FaultScenario<typeof site>[] = [...redisFaults, ...networkFaults];
    const fault = faults.find(({ name }) => name === named)!;
    const experiment = await runExperiment({
      seed: SEED,
      name: 'e',
      fault,
      site,
      load: new Load(SEED, 'e', !fault.empties),
      auditor,
    });
    return { broken: brokenIn(experiment), report: story(experiment) };
  }

  it.each(['Redis frozen 600 ms', 'replies lost', 'Redis emptied (FLUSHALL)'])(
    'finds nothing wrong with a sound engine after: %s',
    async (fault) => {
      const { broken, report } = await experimentOn(SOUND, fault);
      expect({ ...broken, report }).toEqual({ i1: 0, i2: 0, i5: 0, i13: 0, i15: 0, i16: 0, report });
    },
    60_000,
  );

  it.each([
    { what: 'settles nothing', mutation: NEVER_SETTLES, fault: 'Redis frozen 600 ms' },
    { what: 'adds what the lost call had counted', mutation: ADDS_AGAIN, fault: 'replies lost' },
    { what: 'lets refused calls run late', mutation: NEVER_VOIDS, fault: 'Redis frozen 600 ms' },
    { what: 'replays nothing', mutation: NEVER_REPLAYS, fault: 'Redis emptied (FLUSHALL)' },
  ])(
    'finds the counters of an engine that $what, and reports how one came about',
    async ({ mutation, fault }) => {
      const { broken, report } = await experimentOn(mutation, fault);
      expect(broken.i2).toBeGreaterThan(0);
      expect(report).toMatch(
        /: the store counts \d+; callers were allowed \d+ units by the store and \d+ by policy/,
      );
      expect(report).toMatch(/ ms, node [12]: e-\d+ \([123] of \w+.*\): /);
    },
    60_000,
  );

  it('finds what a store allowed above a limit', async () => {
    const { broken, report } = await experimentOn(GENEROUS, 'SCRIPT FLUSH, 50 a second');
    expect(broken.i1).toBeGreaterThan(0);
    expect(report).toMatch(/ allowed exactly, of \d+\./);
  }, 60_000);
});
