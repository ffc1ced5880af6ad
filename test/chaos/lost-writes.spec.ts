import type { Rule } from '@sundial/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LiveRules, type QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { NOON } from '../contract/store-requests.js';
import { engineOn } from '../support/engine-on.js';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { NEVER_REPLAYS, mutant } from './harness/mutant-store.js';

const OPERATIONS = 300;
const RULE: Rule = {
  id: 'lasting',
  resource: 'lasting',
  per: ['user'],
  timeZone: 'UTC',
  limits: [{ window: 'year', max: 1_000_000 }],
  mode: 'enforce',
  degrade: 'allow',
};
const TOPPED: Rule = { ...RULE, id: 'topped', resource: 'topped', limits: [{ window: 'total', max: 2 }] };
const HELD: Rule = {
  ...{ ...RULE, id: 'held', resource: 'held' },
  limits: [...TOPPED.limits, { window: 'concurrent', max: 9 }],
};
const IN_HOURS: Rule = {
  ...RULE,
  id: 'in-hours',
  resource: 'in-hours',
  limits: [...RULE.limits, { window: 'hour', max: 100 }],
};

describe('a Redis that loses what it had acknowledged', () => {
  let redis: RedisProcess;
  let engine: QuotaEngine;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.cli('FLUSHALL'));
  afterEach(() => engine.close());

  async function start(store: Store = new RedisStore({ kind: 'single', url: redis.url })): Promise<void> {
    engine = asking(store);
    await eventually(async () => (await usage()).degraded === null);
    // By then the node has seen the server once.
    await eventually(async () => String(await redis.cli('KEYS', 'sd1:*:watermark:*')) !== '');
  }

  const asking = (store: Store) =>
    engineOn({
      store,
      rules: new LiveRules(new RuleBook(1, [RULE, IN_HOURS, TOPPED, HELD])),
      deadlineMs: 500,
    });

  const usage = () => engine.usage({ resource: 'lasting', subject: { user: 'u1' } });

  /** Some after others, half of them under ids that are used twice. */
  async function count(): Promise<void> {
    for (let n = 0; n < OPERATIONS / 2; n++) {
      const check = { resource: 'lasting', subject: { user: 'u1' } };
      const twice = { ...check, operationId: `twice-${n}` };
      await Promise.all([engine.check(check), engine.check(twice).then(() => engine.check(twice))]);
    }
    expect((await usage()).limits[0]?.used).toBe(OPERATIONS);
  }

  async function used(): Promise<number | undefined> {
    const { limits, degraded } = await usage();
    return degraded === null ? limits[0]?.used : undefined;
  }

  it.each([
    ['killed without a copy on disk, and started again', () => redis.kill().then(() => redis.restart())],
    ['emptied by hand', () => redis.cli('FLUSHALL')],
  ])('gets it replayed: %s', async (_how, lose) => {
    await start();
    await count();
    await lose();
    await eventually(async () => (await used()) === OPERATIONS, { withinMs: 8_000, everyMs: 50 });
    await eventually(() => engine.journal().toReplay === 0);
    expect(engine.journal()).toMatchObject({ replayed: { counted: OPERATIONS }, uncertainIntervals: [] });
    expect(await used()).toBe(OPERATIONS);
  });

  it('gets nothing replayed when it has lost nothing', async () => {
    await start();
    await count();
    await redis.cli('DEL', ...((await redis.cli('KEYS', 'sd1:*:watermark:*')) as string[]));
    await eventually(() => engine.journal().replayed['already-counted'] === OPERATIONS, {
      withinMs: 8_000,
    });
    expect(await used()).toBe(OPERATIONS);
  });

  it('gets from one node what another one had counted and this one had repeated', async () => {
    const MINUTE_MS = 60_000;
    // Noon is 12:20.
    const untilOne = NOON + 40 * MINUTE_MS - Date.now();
    const redisAt = (clockOffsetMs: number) =>
      new RedisStore({ kind: 'single', url: redis.url }, { clockOffsetMs });
    // In the hour before and in the one after it, while the first is remembered.
    await start(redisAt(untilOne + 5 * MINUTE_MS));
    const other = asking(redisAt(untilOne - 5 * MINUTE_MS));
    const ask = (quota: QuotaEngine, operationId: string) =>
      quota.check({ resource: 'in-hours', subject: { user: 'u1' }, operationId });
    await eventually(async () => (await ask(other, 'first')).degraded === null);
    for (const id of ['second', 'third', 'only-there']) await ask(other, id);
    await other.close();
    await ask(engine, 'own');
    const again = ['first', 'second', 'own', 'third', 'third'];
    for (const id of again) expect(await ask(engine, id)).toMatchObject({ replayed: true, degraded: null });

    await redis.cli('FLUSHALL');
    await eventually(() => engine.journal().replayed.counted === 4, { withinMs: 8_000 });
    const { limits } = await engine.usage({ resource: 'in-hours', subject: { user: 'u1' } });
    expect(limits).toMatchObject([
      { window: 'year', used: 4 },
      { window: 'hour', used: 1 },
    ]);
    for (const id of again) expect(await ask(engine, id)).toMatchObject({ replayed: true, degraded: null });
  });

  it('gets replayed what windows gave, and a refund gives back no more, and packs nothing that they were given again', async () => {
    await start();
    const topped = { resource: 'topped', subject: { user: 'u1' } };
    const pack = { ...topped, amount: 5, operationId: 'order' };
    await engine.packs.add(pack);
    const check = { ...topped, amount: 3, operationId: 'three' };
    expect((await engine.check(check)).packs).toMatchObject([{ taken: 1, remaining: 4 }]);
    const reserved = await engine.reserve({ ...topped, operationId: 'reserved' });
    const committed = await engine.commit(reserved.reservation!.id, {});
    expect(committed.reservation.packs).toMatchObject([{ taken: 1 }]);
    // Another node takes more of the pack, and this one has repeated it.
    const other = asking(new RedisStore({ kind: 'single', url: redis.url }));
    const more = { ...topped, operationId: 'more' };
    await eventually(async () => (await other.usage(topped)).degraded === null);
    await other.check(more);
    await other.close();
    expect(await engine.check(more)).toMatchObject({ replayed: true, packs: [{ taken: 1 }] });

    await redis.cli('FLUSHALL');
    await eventually(() => engine.journal().replayed.counted >= 2, { withinMs: 8_000 });
    await eventually(() => engine.journal().toReplay === 0);
    const used = async () => (await engine.usage(topped)).limits[0]?.used;
    expect(await used()).toBe(2);
    await engine.packs.add(pack);
    expect(await engine.check(check)).toMatchObject({ allowed: true, replayed: true, packs: [{ taken: 1 }] });
    expect(await engine.refund({ ...topped, operationId: 'three' })).toMatchObject({ amounts: { units: 3 } });
    expect(await used()).toBe(0);
    expect((await engine.packs.list(topped)).packs).toMatchObject([{ amount: 5, remaining: 5 }]);
  });

  it('gets replayed what a reservation holds of windows and packs, however it ends then', async () => {
    await start();
    const of = (user: string) => ({ resource: 'held', subject: { user } });
    const users = ['commits', 'commits less', 'releases', 'extends'];
    const reserved = await Promise.all(
      users.map(async (user) => {
        await engine.packs.add({ ...of(user), amount: 5, operationId: `order of ${user}` });
        const reserve = { ...of(user), amount: user === 'extends' ? 2 : 3, operationId: `of ${user}` };
        return (await engine.reserve(reserve)).reservation!.id;
      }),
    );
    const [commits, less, releases, extended] = reserved as [string, string, string, string];
    expect((await engine.extend(extended, { amount: 4 })).reservation?.packs).toMatchObject([{ taken: 2 }]);

    await redis.cli('FLUSHALL');
    await eventually(() => engine.journal().replayed.counted >= users.length, { withinMs: 8_000 });
    await eventually(() => engine.journal().toReplay === 0);
    const counted = async (user: string) =>
      (await engine.usage(of(user))).limits.map(({ used, reserved: its }) => [used, its]);
    expect(await Promise.all(users.map(counted))).toEqual([
      ...[3, 3, 3].map((atOnce) => [
        [0, 2],
        [0, atOnce],
      ]),
      [
        [0, 2],
        [0, 4],
      ],
    ]);
    const pack = { ...of('releases'), amount: 5, operationId: 'order of releases' };
    await engine.packs.add(pack);
    expect((await engine.commit(commits, {})).reservation).toMatchObject({
      committed: { units: 3 },
      packs: [{ taken: 1 }],
    });
    expect((await engine.commit(less, { amount: 1 })).reservation.packs).toBeUndefined();
    await engine.release(releases);
    expect((await engine.commit(extended, {})).reservation.packs).toMatchObject([{ taken: 2 }]);
    expect(await Promise.all(users.map(counted))).toEqual(
      [2, 1, 0, 2].map((used) => [
        [used, 0],
        [0, 0],
      ]),
    );
    expect((await engine.packs.list(of('releases'))).packs).toMatchObject([{ remaining: 5 }]);
    await engine.refund({ ...of('commits'), operationId: 'of commits' });
    expect(await counted('commits')).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('would forget all of it if no node replayed it', async () => {
    await start(mutant(new RedisStore({ kind: 'single', url: redis.url }), NEVER_REPLAYS));
    await count();
    await redis.cli('FLUSHALL');
    await eventually(async () => String(await redis.cli('KEYS', 'sd1:*:watermark:*')) !== '');
    expect(await used()).toBe(0);
  });
});
