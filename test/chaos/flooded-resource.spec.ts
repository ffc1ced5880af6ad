import type { Decision, Rule } from '@sundial/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { setImmediate as turn } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';
import { engineOn } from '../support/engine-on.js';

/** Ten times what may be on its way to one server. */
const FLOOD = 2_500;
const CALM = 100;
const USERS = Array.from({ length: 150 }, (_, index) => `u${index}`);
/** The flood's checks that travel in the same script calls as a calm one. */
const BESIDE = 100;
/** And those that are on their way to Redis already when it comes. */
const AHEAD = 256;

const RULES = ['flooded', 'calm'].map((resource): Rule => ({
  id: resource,
  resource,
  per: ['user'],
  timeZone: 'UTC',
  limits: [
    { window: 'year', max: 1_000_000 },
    { window: 'day', max: 1_000_000 },
  ],
  mode: 'enforce',
  degrade: 'allow',
}));

/** Long for a check, so that a busy machine does not make this test about time; short for a frozen server. */
const DEADLINE_MS = 1_000;

interface Place {
  readonly target: RedisTarget;
  /** The server that all of the flood is for. */
  readonly server: RedisProcess;
  /** Whose counters are all on one server. */
  readonly users: readonly string[];
  stop(): Promise<void>;
}

async function oneServer(): Promise<Place> {
  const redis = await RedisProcess.start();
  return {
    target: { kind: 'single', url: redis.url },
    server: redis,
    users: USERS,
    stop: () => redis.stop(),
  };
}

async function oneMasterOfACluster(): Promise<Place> {
  const cluster = await RedisCluster.start();
  const nodeOf = ({ resource, user }: { resource: string; user: string }) =>
    cluster.nodeOfKey(`{${resource}:user=${user}}`);
  const calmOne = await nodeOf({ resource: 'calm', user: 'u1' });
  const nodes = await Promise.all(USERS.map((user) => nodeOf({ resource: 'flooded', user })));
  const users = USERS.filter((_, index) => nodes[index] === calmOne);
  return { target: cluster.target, server: calmOne, users, stop: () => cluster.stop() };
}

describe.each([
  ['one server', oneServer],
  ['a master of a Cluster', oneMasterOfACluster],
])('a flood on one resource, all of it for %s', (_name, start) => {
  let place: Place;
  let engine: QuotaEngine;
  beforeAll(async () => {
    place = await start();
    engine = engineOn({
      store: new RedisStore(place.target),
      rules: new LiveRules(new RuleBook(1, RULES)),
      deadlineMs: DEADLINE_MS,
    });
    // By then each master of a Cluster is connected to.
    await eventually(async () => (await calmChecks(0)).every(({ degraded }) => degraded === null));
  }, 30_000);
  beforeEach(() => eventually(() => engine.status().pending === 0, { withinMs: 30_000 }), 30_000);
  afterAll(async () => {
    await engine.close();
    await place.stop();
  });

  const check = (resource: string, user: string, amount = 1): Promise<Decision> =>
    engine.check({ resource, subject: { user }, amount });

  const calmChecks = (amount: number) =>
    Promise.all(Array.from({ length: CALM }, (_, n) => check('calm', `u${n}`, amount)));

  /** Far more checks at once than may be on their way: the others wait. */
  function flood() {
    const counts = { exact: 0, degraded: 0 };
    const all = Array.from({ length: FLOOD }, async (_, n) => {
      const { degraded } = await check('flooded', place.users[n % place.users.length]!);
      if (degraded === null) counts.exact++;
      else counts.degraded++;
    });
    return { counts, all: Promise.all(all) };
  }

  /** Load is no outage (I16): 452 of these were decided without a Redis that was healthy. */
  it('waits for the store, which decides all of it, and all of another resource', async () => {
    const { counts, all } = flood();
    const calm = await calmChecks(1);
    await all;
    expect(calm.filter(({ degraded }) => degraded !== null)).toHaveLength(0);
    expect(counts).toEqual({ exact: FLOOD, degraded: 0 });
    expect(engine.status().mode).toBe('exact');
  });

  it.each([
    ['in the same turn', () => Promise.resolve()],
    ['in another turn', () => turn()],
  ])('lets a check of another resource by that comes %s', async (_when, wait) => {
    const { counts, all } = flood();
    await wait();
    const before = counts.exact;
    await check('calm', 'u1');
    expect(counts.exact - before).toBeLessThanOrEqual(AHEAD + BESIDE);
    await all;
  });

  /** The limits of what is pending are lowered, of each subject by another amount. */
  it('lets a check of another resource by while what was decided in an outage is being settled', async () => {
    place.server.freeze();
    await flood().all;
    place.server.thaw();
    await eventually(() => engine.status().mode === 'exact', { withinMs: 10_000 });
    expect(engine.status().pending).toBeGreaterThan(0);
    const { counts, all } = flood();
    await check('calm', 'u1');
    expect(counts.exact).toBeLessThanOrEqual(AHEAD + BESIDE);
    await all;
  });
});
