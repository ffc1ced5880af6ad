import type { CheckRequest, DegradePolicy, Rule } from '@sundial/contract';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { eventually } from '../support/eventually.js';
import { middleOfAnHourOffsetMs } from '../support/middle-of-an-hour.js';
import { RedisProcess } from '../support/redis-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { engineOn } from '../support/engine-on.js';

const MAX = 9;
/** A node knows the clock of its Redis to half a round trip, which a busy machine may stretch. */
const CLOCK_ERROR_MS = 100;

function rule(degrade: DegradePolicy): Rule {
  const limits = [{ window: 'day', max: MAX } as const];
  return { id: degrade, resource: degrade, per: ['user'], timeZone: 'UTC', limits, mode: 'enforce', degrade };
}

/** Single checks at chosen moments of an outage; the experiments beside this file are about many. */
describe('An operation in an outage', () => {
  let redis: RedisProcess;
  let proxy: TcpProxy;
  const engines: QuotaEngine[] = [];
  beforeEach(async () => {
    redis = await RedisProcess.start();
    proxy = await TcpProxy.start(redis.port);
  });
  afterEach(async () => {
    redis.thaw();
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
    proxy.stop();
    await redis.stop();
  });

  async function connect(nodes = { live: 1, rank: 0 }): Promise<QuotaEngine> {
    const engine = engineOn({
      store: new RedisStore(
        { kind: 'single', url: `redis://127.0.0.1:${proxy.port}` },
        { clockOffsetMs: middleOfAnHourOffsetMs() },
      ),
      rules: new LiveRules(new RuleBook(1, [rule('allow'), rule('local'), rule('deny')])),
      nodes: () => nodes,
    });
    engines.push(engine);
    await used(engine, 'local', 'first');
    return engine;
  }

  /** What the store says is used, as soon as it says something. */
  function used(engine: QuotaEngine, resource: DegradePolicy, user: string): Promise<number> {
    return eventually(async () => {
      const { limits, degraded } = await engine.usage({ resource, subject: { user } });
      return degraded === null ? limits[0]?.used : undefined;
    });
  }

  const check = (resource: DegradePolicy, user: string, more: Partial<CheckRequest> = {}): CheckRequest => ({
    resource,
    subject: { user },
    ...more,
  });

  async function settled(engine: QuotaEngine): Promise<void> {
    await eventually(() => engine.status().pending === 0 && engine.status().mode === 'exact');
  }

  it('shares what remained with the other nodes, to the last unit', async () => {
    const nodes = await Promise.all([0, 1, 2].map((rank) => connect({ live: 3, rank })));
    await nodes[0]!.check(check('local', 'u', { amount: 2 }));
    for (const node of nodes) expect(await used(node, 'local', 'u')).toBe(2);
    redis.freeze();
    const allowed = await Promise.all(
      nodes.flatMap((node) =>
        Array.from({ length: MAX }, async () => ((await node.check(check('local', 'u'))).allowed ? 1 : 0)),
      ),
    );
    expect(allowed.reduce<number>((sum, one) => sum + one, 0)).toBe(MAX - 2);
    redis.thaw();
    await Promise.all(nodes.map(settled));
    expect(await used(nodes[0]!, 'local', 'u')).toBe(MAX);
  });

  it('is not allowed the units that the store is just giving to another one', async () => {
    const node = await connect();
    for (let round = 0; round < 5; round++) {
      const user = `u${round}`;
      await settled(node);
      redis.freeze();
      const others = Promise.all(Array.from({ length: 5 }, () => node.check(check('local', 'other'))));
      await sleep(25);
      const inFlight = node.check(check('local', user, { amount: MAX }));
      await others;
      const meanwhile = node.check(check('local', user, { amount: 1 }));
      redis.thaw();
      const answers = await Promise.all([inFlight, meanwhile]);
      expect(answers.filter(({ allowed }) => allowed)).toHaveLength(1);
    }
  });

  it('gets the same answer each time it is repeated, and is counted once', async () => {
    const node = await connect();
    redis.freeze();
    const request = check('local', 'u', { amount: MAX, operationId: 'op-1' });
    const first = await node.check(request);
    expect(first).toMatchObject({ allowed: true, replayed: false, degraded: { policy: 'local' } });
    for (let repeat = 0; repeat < 3; repeat++) {
      expect(await node.check(request)).toMatchObject({
        allowed: true,
        replayed: true,
        degraded: first.degraded,
      });
    }
    await expect(node.check({ ...request, amount: 1 })).rejects.toMatchObject({ code: 'operation-conflict' });
    redis.thaw();
    await settled(node);
    expect(await used(node, 'local', 'u')).toBe(MAX);
    expect(await node.check(request)).toMatchObject({ allowed: true, replayed: true, degraded: null });
  });

  // On a Cluster one id for two resources was two operations, on one Redis a conflict; without Redis it must be two as well.
  it('is another one for another resource, in the outage, in the settlement and afterwards', async () => {
    const node = await connect();
    redis.freeze();
    const steps = (['local', 'allow'] as const).map((resource) =>
      check(resource, 'u', { operationId: 'job-1' }),
    );
    const ask = () => Promise.all(steps.map((step) => node.check(step)));
    expect(await ask()).toMatchObject([
      { allowed: true, replayed: false },
      { allowed: true, replayed: false },
    ]);
    expect(await ask()).toMatchObject([
      { allowed: true, replayed: true },
      { allowed: true, replayed: true },
    ]);
    redis.thaw();
    await settled(node);
    for (const resource of ['local', 'allow'] as const) expect(await used(node, resource, 'u')).toBe(1);
    const auditor = await connect();
    for (const engine of [node, auditor])
      for (const step of steps)
        expect(await engine.check(step)).toMatchObject({ allowed: true, replayed: true, degraded: null });
  });

  it('takes up one unit when it is asked twice at once, in this outage and in the next', async () => {
    const node = await connect();
    redis.freeze();
    const request = check('local', 'u', { operationId: 'op-1' });
    const answers = await Promise.all([node.check(request), node.check(request)]);
    expect(answers).toMatchObject([
      { allowed: true, replayed: false },
      { allowed: true, replayed: true },
    ]);
    redis.thaw();
    await settled(node);
    redis.freeze();
    for (let unit = 2; unit <= MAX; unit++)
      expect((await node.check(check('local', 'u'))).allowed).toBe(true);
    expect((await node.check(check('local', 'u'))).allowed).toBe(false);
  });

  it.each(['allow', 'local'] as const)(
    'is counted once under policy %s though the store had done it and the answer was lost',
    async (policy) => {
      const node = await connect();
      proxy.dropReplies();
      expect(await node.check(check(policy, 'u'))).toMatchObject({
        allowed: true,
        degraded: { cause: 'timeout', policy },
      });
      await proxy.heal();
      await settled(node);
      expect(await used(node, policy, 'u')).toBe(1);
      for (let unit = 2; unit <= MAX; unit++)
        expect((await node.check(check(policy, 'u'))).allowed).toBe(true);
      expect((await node.check(check(policy, 'u'))).allowed).toBe(false);
    },
  );

  it('does not stay counted when it was refused though the store had done it', async () => {
    const node = await connect();
    proxy.dropReplies();
    expect(await node.check(check('deny', 'u'))).toMatchObject({ allowed: false, reason: 'degraded' });
    await proxy.heal();
    await settled(node);
    expect(await used(node, 'deny', 'u')).toBe(0);
  });

  /** No node settles any more: only the deadline in the script stands between the counters and a ghost. */
  it('counts nothing when Redis runs it late and its node is gone', async () => {
    const [node, auditor] = [await connect(), await connect()];
    redis.freeze();
    const answers = await Promise.all(Array.from({ length: MAX }, () => node.check(check('deny', 'u'))));
    expect(answers.filter(({ allowed }) => allowed)).toEqual([]);
    await node.close();
    await sleep(CLOCK_ERROR_MS);
    redis.thaw();
    await settled(auditor);
    expect(await used(auditor, 'deny', 'u')).toBe(0);
  });

  it('stays counted when it was refused, the store had done it, and a repetition was allowed', async () => {
    const [first, second] = [await connect(), await connect()];
    const request = check('deny', 'u', { operationId: 'op-1' });
    proxy.dropReplies();
    expect((await first.check(request)).allowed).toBe(false);
    await proxy.heal();
    const repeated = await eventually(async () => {
      const decision = await second.check(request);
      return decision.allowed ? decision : undefined;
    });
    await settled(first);
    expect(repeated.degraded).toBeNull();
    expect(await used(second, 'deny', 'u')).toBe(1);
  });
});
