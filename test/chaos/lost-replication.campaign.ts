import type { Rule } from '@sundial/contract';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LiveRules, type QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { Journal } from '@sundial/resilience';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import type { RedisProcess } from '../support/redis-process.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { engineOn } from '../support/engine-on.js';

const REPLICATED = 100;
const UNREPLICATED = 200;
const FAILOVER_MS = { withinMs: 15_000, everyMs: 50 };
const RULE: Rule = {
  id: 'lasting',
  resource: 'lasting',
  per: ['user'],
  timeZone: 'UTC',
  limits: [{ window: 'year', max: 1_000_000 }],
  mode: 'enforce',
  degrade: 'allow',
};

interface Group {
  readonly target: RedisTarget;
  /** Serves the user's counter. */
  readonly master: RedisProcess;
  promoted(): Promise<RedisProcess>;
  stop(): Promise<void>;
}

async function sentinelGroup(): Promise<Group> {
  const group = await RedisSentinel.start();
  // What a replica without a master says of itself, which they ask once a second, they believe for five of these.
  await Promise.all(group.sentinels.map((sentinel) => sentinel.cli('SENTINEL', 'DEBUG', 'ping-period', 250)));
  const master = await group.master();
  return {
    target: group.target,
    master,
    promoted: () => group.masterAfter(master),
    stop: () => group.stop(),
  };
}

async function cluster(): Promise<Group> {
  const nodes = await RedisCluster.start({ replicas: true, nodeTimeoutMs: 800 });
  const slot = await nodes.slotOf('{lasting:user=u1}');
  const master = nodes.nodeOfSlot(slot);
  const witness = nodes.nodes.find((node) => node !== master)!;
  return {
    target: nodes.target,
    master,
    promoted: () => nodes.successorOf(slot, master, witness),
    stop: () => nodes.stop(),
  };
}

describe.each([
  ['a Sentinel group', sentinelGroup],
  ['a Cluster', cluster],
])('a master of %s that dies before it has replicated what it acknowledged', (_name, start) => {
  let group: Group;
  let directory: TemporaryDirectory;
  let engine: QuotaEngine;
  beforeEach(async () => {
    group = await start();
    directory = await temporaryDirectory();
    await open();
  }, 40_000);
  afterEach(async () => {
    await engine.close();
    await group.stop();
    await directory.remove();
  });

  async function open(hearing: (store: RedisStore) => Store = (store) => store): Promise<void> {
    engine = engineOn({
      store: hearing(new RedisStore(group.target)),
      rules: new LiveRules(new RuleBook(1, [RULE])),
      deadlineMs: 500,
      journal: await Journal.open({ directory: directory.path, sync: 'group' }),
    });
    await eventually(async () => (await used()) !== undefined, FAILOVER_MS);
  }

  async function used(): Promise<number | undefined> {
    const { limits, degraded } = await engine.usage({ resource: 'lasting', subject: { user: 'u1' } });
    return degraded === null ? limits[0]?.used : undefined;
  }

  async function count(operations: number): Promise<void> {
    for (let n = 0; n < operations; n++) {
      const { degraded } = await engine.check({ resource: 'lasting', subject: { user: 'u1' } });
      expect(degraded).toBeNull();
    }
  }

  /** Replicas are not let in again; every other client stays connected, and is served. */
  async function partFromReplicas(): Promise<void> {
    expect(await group.master.cli('WAIT', 1, 5_000)).toBeGreaterThan(0);
    await group.master.cli('CONFIG', 'SET', 'requirepass', 'unknown to replicas');
    await group.master.cli('CLIENT', 'KILL', 'TYPE', 'replica');
  }

  async function countAndPromote(meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    // The node has seen the master once.
    await eventually(async () => String(await group.master.cli('KEYS', 'sd1:*:watermark:*')) !== '');
    await count(REPLICATED);
    await partFromReplicas();
    await count(UNREPLICATED);
    expect(await used()).toBe(REPLICATED + UNREPLICATED);
    await meanwhile();
    await group.master.kill();
    await group.promoted();
  }

  it('is followed by one that gets all of it replayed, and nothing twice', async () => {
    await countAndPromote();
    await eventually(async () => (await used()) === REPLICATED + UNREPLICATED, FAILOVER_MS);
    await eventually(() => engine.journal().toReplay === 0);
    expect(engine.journal()).toMatchObject({
      replayed: { counted: UNREPLICATED, 'already-counted': REPLICATED },
      uncertainIntervals: [],
    });
    expect(await used()).toBe(REPLICATED + UNREPLICATED);
  }, 40_000);

  it('would be followed by one that has forgotten it if no node replayed', async () => {
    await engine.close();
    await open((store) => {
      store.onDataLoss = () => undefined;
      return store;
    });
    await countAndPromote();
    expect(await eventually(used, FAILOVER_MS)).toBe(REPLICATED);
  }, 40_000);

  it('is reported by a node that was restarted meanwhile: from when on, and that it is uncertain', async () => {
    const from = Date.now();
    await countAndPromote(() => engine.close());
    await open();
    await eventually(() => engine.journal().uncertainIntervals.length > 0, FAILOVER_MS);
    const [interval] = engine.journal().uncertainIntervals;
    expect(interval).toMatchObject({ reason: 'writes-lost' });
    expect(interval!.from).toBeGreaterThanOrEqual(from - 1_000);
    expect(interval!.to).toBeGreaterThanOrEqual(from);
    expect(await used()).toBe(REPLICATED);
  }, 40_000);
});
