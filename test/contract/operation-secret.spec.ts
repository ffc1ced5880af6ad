import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LiveRules, MemoryStore, type QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { aRule } from './rules.js';
import { engineOn } from '../support/engine-on.js';

const KEY = 'sd1:{secret}:operations';
const REQUEST = { resource: 'ocr', subject: { user: 'u1' } };

describe('the secret by which nodes know servers’ ids', () => {
  let redis: RedisProcess;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  const engines: QuotaEngine[] = [];
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  beforeEach(async () => {
    await redis.cli('FLUSHALL');
    directory = await temporaryDirectory();
  });
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
    await directory.remove();
  });
  afterAll(() => redis.stop());

  function nodeOn(store: Store): QuotaEngine {
    const rules = new LiveRules(new RuleBook(1, [aRule({ limits: [{ window: 'day', max: 100 }] })]));
    const engine = engineOn({ store, rules, deadlineMs: 5_000 });
    engines.push(engine);
    return engine;
  }

  async function nodeOnRedis(options: { directory?: string } = {}): Promise<QuotaEngine> {
    const store = new RedisStore({ kind: 'single', url: redis.url }, options);
    await store.examined(5_000);
    await eventually(async () => (await secretIn(redis)) === textOf(store));
    return nodeOn(store);
  }

  it('is shared by the nodes of one Redis, so each repeats what another one gave', async () => {
    const [one, other] = [await nodeOnRedis(), await nodeOnRedis()];
    const { operationId } = await one.check(REQUEST);
    expect(await other.check({ ...REQUEST, operationId })).toMatchObject({
      replayed: true,
      limits: [{ used: 1 }],
    });
    const further = await other.check(REQUEST);
    expect(await one.check({ ...REQUEST, operationId: further.operationId })).toMatchObject({
      replayed: true,
    });
  });

  /** Nodes of a Cluster that was only just whole kept secrets of their own, and each other's operations were conflicts. */
  it('is asked for until Redis has answered, on the same connection', async () => {
    await redis.cli('CONFIG', 'SET', 'maxmemory', '1');
    const store = new RedisStore({ kind: 'single', url: redis.url });
    nodeOn(store);
    await store.examined(500);
    const before = await secretIn(redis);
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
    expect(before).not.toBe(textOf(store));
    await eventually(async () => (await secretIn(redis)) === textOf(store));
  });

  it('comes back from a node when Redis has lost it', async () => {
    const node = await nodeOnRedis();
    const before = await secretIn(redis);
    await node.check(REQUEST);
    await redis.cli('FLUSHALL');
    await eventually(async () => (await secretIn(redis)) === before, { withinMs: 5_000 });
  });

  it.each([
    ['SET', 'not a secret'],
    ['RPUSH', 'not a secret'],
  ])('is the node’s own where something else stands in its place: %s', async (command, value) => {
    await redis.cli(command, KEY, value);
    const store = new RedisStore({ kind: 'single', url: redis.url });
    await store.examined(5_000);
    const node = nodeOn(store);
    const { operationId } = await node.check(REQUEST);
    expect(await node.check({ ...REQUEST, operationId })).toMatchObject({ replayed: true });
    expect(await redis.cli('EXISTS', KEY)).toBe(1);
  });

  /** Each node went on with a secret of its own, and said nothing. */
  it.each([
    ['SET', 'not a secret'],
    ['RPUSH', 'not a secret'],
  ])('is said to be missing while something else stands in its place: %s', async (command, value) => {
    await redis.cli(command, KEY, value);
    const store = new RedisStore({ kind: 'single', url: redis.url });
    nodeOn(store);
    const reported: [string, boolean][] = [];
    store.onFinding(({ finding }, holds) => reported.push([finding, holds]));
    const isSecret = ({ finding }: { finding: string }) => finding === 'secret';
    const found = (await store.examined(5_000)).find(isSecret);
    expect(found).toMatchObject({ severity: 'warn', server: null, sentence: expect.stringContaining(KEY) });
    await redis.cli('DEL', KEY);
    await eventually(async () => (await secretIn(redis)) === textOf(store), { withinMs: 5_000 });
    await eventually(async () => !store.findings.some(isSecret));
    expect(reported.filter(([finding]) => finding === 'secret')).toEqual([
      ['secret', true],
      ['secret', false],
    ]);
  });

  it('makes no call free where it is missing: nodes that do not share one refuse or count what the other gave', async () => {
    await redis.cli('SET', KEY, 'not a secret');
    const [one, other] = await Promise.all(
      [1, 2].map(async () => {
        const store = new RedisStore({ kind: 'single', url: redis.url });
        await store.examined(5_000);
        return nodeOn(store);
      }),
    );
    const { operationId } = await one!.check({ ...REQUEST, amount: 60 });
    const answers = await Promise.allSettled([
      other!.check({ ...REQUEST, amount: 60, operationId }),
      other!.check({ ...REQUEST, amount: 1, operationId }),
      one!.check({ ...REQUEST, amount: 60, operationId: 'mine' }),
    ]);
    const counted = answers.flatMap((answer) =>
      answer.status === 'fulfilled' && answer.value.allowed ? [answer.value] : [],
    );
    expect(counted.every(({ replayed }) => !replayed)).toBe(true);
    await one!.check({ ...REQUEST, operationId: 'named', subject: { user: 'u1', grade: '3' } });
    const again = other!.check({ ...REQUEST, operationId: 'named', subject: { user: 'u1', grade: '3' } });
    await expect(again).rejects.toMatchObject({ code: 'operation-conflict' });
    const { limits } = await one!.usage(REQUEST);
    expect(limits[0]!.used).toBe(61 + counted.length);
  });

  it('is kept beside the embedded counters, for their owner only, and over a restart', async () => {
    const first = await MemoryStore.open({ directory: directory.path });
    const node = nodeOn(first);
    const { operationId } = await node.check(REQUEST);
    await engines.pop()!.close();
    const file = join(directory.path, 'operations.secret');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = nodeOn(await MemoryStore.open({ directory: directory.path }));
    expect(await again.check({ ...REQUEST, operationId })).toMatchObject({
      replayed: true,
      limits: [{ used: 1 }],
    });
  });

  it('is kept of Redis in a node’s directory, and a file that holds none is replaced', async () => {
    const file = join(directory.path, 'operations.secret');
    await writeFile(file, 'not a secret');
    await nodeOnRedis({ directory: directory.path });
    await eventually(async () => (await readFile(file, 'utf8')).trim() === (await secretIn(redis)));
    await redis.cli('FLUSHALL');
    const kept = (await readFile(file, 'utf8')).trim();
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
    await nodeOnRedis({ directory: directory.path });
    expect(await secretIn(redis)).toBe(kept);
  });
});

function textOf(store: Store): string {
  return store.secret.current.bytes.toString('base64url');
}

async function secretIn(redis: RedisProcess): Promise<string> {
  return String(await redis.cli('GET', KEY));
}
