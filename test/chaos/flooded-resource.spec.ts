import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LiveRules, QuotaEngine, RedisStore, RuleBook } from '@sundial/engine';
import type { Decision, RedisTarget, Rule } from '@sundial/engine';
import { setImmediate as turn } from 'node:timers/promises';
import { MAX_IN_FLIGHT_A_RESOURCE } from '../../libs/engine/src/degradation/store-guard.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';

/** More than may be in flight, and asked in less time than a connection may be silent. */
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

interface Place {
  readonly target: RedisTarget;
  /** Whose counters are all on one server. */
  readonly users: readonly string[];
  stop(): Promise<void>;
}

async function oneServer(): Promise<Place> {
  const redis = await RedisProcess.start();
  return { target: { kind: 'single', url: redis.url }, users: USERS, stop: () => redis.stop() };
}

async function oneMasterOfACluster(): Promise<Place> {
  const cluster = await RedisCluster.start();
  const nodeOf = ({ resource, user }: { resource: string; user: string }) =>
    cluster.nodeOfKey(`{${resource}:user=${user}}`);
  const calmOne = await nodeOf({ resource: 'calm', user: 'u1' });
  const nodes = await Promise.all(USERS.map((user) => nodeOf({ resource: 'flooded', user })));
  const users = USERS.filter((_, index) => nodes[index] === calmOne);
  return { target: cluster.target, users, stop: () => cluster.stop() };
}

describe.each([
  ['one server', oneServer],
  ['a master of a Cluster', oneMasterOfACluster],
])('a flood on one resource, all of it for %s', (_name, start) => {
  let place: Place;
  let engine: QuotaEngine;
  beforeAll(async () => {
    place = await start();
    engine = new QuotaEngine({
      store: new RedisStore(place.target),
      rules: new LiveRules(new RuleBook(1, RULES)),
      // A busy machine must not make this test about time.
      deadlineMs: 5_000,
    });
    // By then each master of a Cluster is connected to.
    await eventually(async () => (await calmChecks(0)).every(({ degraded }) => degraded === null));
  }, 30_000);
  beforeEach(() => eventually(() => engine.status().owed === 0, { withinMs: 30_000 }), 30_000);
  afterAll(async () => {
    await engine.close();
    await place.stop();
  });

  const check = (resource: string, user: string, amount = 1): Promise<Decision> =>
    engine.check({ resource, subject: { user }, amount });

  const calmChecks = (amount: number) =>
    Promise.all(Array.from({ length: CALM }, (_, n) => check('calm', `u${n}`, amount)));

  /** Far more checks at once than may be in flight; what is shed is answered at once. */
  function flood() {
    const told = { exact: 0, shed: 0 };
    const all = Array.from({ length: FLOOD }, async (_, n) => {
      const { degraded } = await check('flooded', place.users[n % place.users.length]!);
      if (degraded === null) told.exact++;
      else if (degraded.cause === 'overloaded') told.shed++;
    });
    return { told, all: Promise.all(all) };
  }

  it('sheds only what exceeds its own share, and no check of another resource', async () => {
    const { told, all } = flood();
    const calm = await calmChecks(1);
    await all;
    expect(calm.filter(({ degraded }) => degraded !== null)).toHaveLength(0);
    expect(told).toEqual({ exact: MAX_IN_FLIGHT_A_RESOURCE, shed: FLOOD - MAX_IN_FLIGHT_A_RESOURCE });
  });

  it.each([
    ['in the same turn', () => Promise.resolve()],
    ['in another turn', () => turn()],
  ])('lets a check of another resource by that comes %s', async (_when, wait) => {
    const { told, all } = flood();
    await wait();
    const before = told.exact;
    await check('calm', 'u1');
    expect(told.exact - before).toBeLessThanOrEqual(AHEAD + BESIDE);
    await all;
  });

  /** The ceilings of what is owed are lowered, of each subject by another amount. */
  it('lets a check of another resource by while what it shed before is being settled', async () => {
    const before: Promise<void[]>[] = [];
    for (let n = 0; n < 4; n++) {
      before.push(flood().all);
      await turn();
    }
    await Promise.all(before);
    const { told, all } = flood();
    expect(engine.status().owed).toBeGreaterThan(0);
    await check('calm', 'u1');
    expect(told.exact).toBeLessThanOrEqual(AHEAD + BESIDE);
    await all;
  });
});
