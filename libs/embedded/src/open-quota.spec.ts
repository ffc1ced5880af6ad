import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuotaAlarm, QuotaSettings } from '@sundial/contract';
import { eventually } from '../../../test/support/eventually.js';
import { middleOfAnHourOffsetMs } from '../../../test/support/middle-of-an-hour.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.js';
import { openQuota, type OpenedQuota, type QuotaListeners } from './open-quota.js';
import { QuotaSettingsError } from './settings/quota-settings.error.js';

const RULE = { id: 'r', resource: 'ocr', per: ['user'], limits: [{ window: 'day', max: 3 }] } as const;
const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
const clockOffsetMs = middleOfAnHourOffsetMs();
/** A busy machine must not make these tests about degradation. */
const deadlineMs = 2_000;

let directory: TemporaryDirectory;
let opened: OpenedQuota[];
beforeEach(async () => {
  directory = await temporaryDirectory();
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
  await directory.remove();
});

async function open(settings: Partial<QuotaSettings> = {}, listeners?: QuotaListeners): Promise<OpenedQuota> {
  const all = {
    directory: join(directory.path, 'data'),
    rules: [RULE],
    clockOffsetMs,
    deadlineMs,
    ...settings,
  };
  const quota = await openQuota(all, listeners);
  opened.push(quota);
  return quota;
}

async function used({ engine }: OpenedQuota): Promise<number | undefined> {
  return (await engine.usage(CHECK)).limits[0]?.used;
}

describe('Sundial in a process without Redis', () => {
  it('keeps its directory to itself until it is closed, and what it counted is there afterwards', async () => {
    const first = await open();
    await first.engine.check(CHECK);
    await expect(open()).rejects.toThrow(
      /directory=".+" holds the counters of another process that runs: stop/,
    );
    await first.close();
    expect(await used(await open())).toBe(1);
  });

  it('keeps the rules that were changed, and not those it was first given', async () => {
    const first = await open();
    await first.admin.patch('r', { limits: [{ window: 'day', max: 1 }] });
    await first.close();
    const second = await open();
    expect(second.admin.get('r')?.rule.limits).toEqual([{ window: 'day', max: 1 }]);
    expect([second.nodes.live, second.engine.status().store]).toEqual([1, 'embedded']);
  });

  it('reads its first rules from a file', async () => {
    const rules = join(directory.path, 'rules.yaml');
    await writeFile(rules, `rules: [${JSON.stringify(RULE)}]`);
    expect((await open({ rules })).admin.list().map(({ id }) => id)).toEqual(['r']);
  });

  it('leaves nothing open when a part of it cannot be opened', async () => {
    const rules = join(directory.path, 'rules.yaml');
    await writeFile(
      rules,
      'rules: [{ id: r, resource: ocr, per: [user], limits: [{ window: eon, max: 1 }] }]',
    );
    await expect(open({ rules })).rejects.toThrow(/window/);
    expect((await (await open()).engine.check(CHECK)).allowed).toBe(true);
  });

  it('does not open a directory that cannot be written', async () => {
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    const refused = open({ directory: join(file, 'data') });
    await expect(refused).rejects.toThrow(QuotaSettingsError);
    await expect(refused).rejects.toThrow(/directory=".+" must be a directory this process can write/);
  });
});

describe('Sundial in processes on one Redis', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.cli('FLUSHALL'));

  const onRedis = (name: string, listeners?: QuotaListeners) =>
    open({ redis: { url: redis.url }, directory: join(directory.path, name) }, listeners);

  it('counts together, and shares rules that are changed in any of them', async () => {
    const [a, b] = await Promise.all([onRedis('a'), onRedis('b')]);
    await eventually(() => a.nodes.live === 2 && b.nodes.live === 2);
    await a.engine.check(CHECK);
    expect(await used(b)).toBe(1);
    const written = await a.admin.patch('r', { limits: [{ window: 'day', max: 1 }] });
    expect(written.nodes).toEqual({ live: 2, applied: 2 });
    expect((await b.engine.check(CHECK)).allowed).toBe(false);
    expect(b.admin.version).toBe(written.version);
  });

  it('leaves no connection behind, and is no live node any more, when it is closed', async () => {
    const [a, b] = await Promise.all([onRedis('a'), onRedis('b')]);
    await eventually(() => b.nodes.live === 2);
    const clients = async () => String(await redis.cli('CLIENT', 'LIST')).match(/name=sundial/g)?.length ?? 0;
    const both = await clients();
    const closing = a.close();
    expect(a.close()).toBe(closing);
    await closing;
    expect(await redis.cli('HLEN', 'sd1:{rules}:nodes')).toBe(1);
    await eventually(() => b.nodes.live === 1);
    await b.close();
    await eventually(async () => (await clients()) === 0);
    expect(both).toBeGreaterThan(0);
  });

  it('goes on without Redis, says so once, and counts exactly when it is back', async () => {
    const alarms: QuotaAlarm[] = [];
    const a = await onRedis('a', { onAlarm: (alarm) => alarms.push(alarm) });
    await a.engine.check(CHECK);
    await redis.kill();
    const decisions = [];
    for (let n = 0; n < 3; n++) decisions.push(await a.engine.check(CHECK));
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, false]);
    expect(decisions[2]?.degraded?.policy).toBe('local');
    const states = () => alarms.filter(({ name }) => name === 'degraded').map(({ state }) => state);
    await eventually(() => states().length === 1);
    await redis.restart();
    await eventually(async () => (await used(a)) === 3 && a.engine.status().mode === 'exact');
    await eventually(() => states().length === 2);
    expect(states()).toEqual(['raised', 'cleared']);
  });

  it('shares what is left with the other nodes while Redis is away', async () => {
    const [a, b] = await Promise.all([onRedis('a'), onRedis('b')]);
    await eventually(() => a.nodes.live === 2 && b.nodes.live === 2);
    await Promise.all([used(a), used(b)]);
    await redis.kill();
    const allowedBy = async ({ engine }: OpenedQuota) => {
      const decisions = [];
      for (let n = 0; n < 4; n++) decisions.push(await engine.check(CHECK));
      return decisions.filter(({ allowed }) => allowed).length;
    };
    expect([await allowedBy(a), await allowedBy(b)].sort()).toEqual([1, 2]);
    await redis.restart();
    await eventually(async () => (await used(a)) === 3);
  });

  it('opens while Redis is away, with the last rules it knew', async () => {
    const first = await onRedis('a');
    await first.admin.patch('r', { limits: [{ window: 'day', max: 1 }] });
    await first.close();
    await redis.kill();
    const again = await onRedis('a');
    expect(again.rules.current.provisional).toBe(true);
    expect(again.admin.get('r')?.rule.limits).toEqual([{ window: 'day', max: 1 }]);
    expect((await again.engine.check(CHECK)).degraded).not.toBeNull();
    await redis.restart();
  });

  it('does not open on a Redis that answers and is none to count on', async () => {
    const refusing = await RedisProcess.start({ password: 'a-long-password' });
    try {
      const url = `redis://:wrong@127.0.0.1:${refusing.port}`;
      const refused = open({ redis: { url } });
      await expect(refused).rejects.toThrow(QuotaSettingsError);
      await expect(refused).rejects.toMatchObject({ errors: [{ setting: 'redis' }] });
      expect(String(await refused.catch(String))).not.toContain('wrong@');
    } finally {
      await refusing.stop();
    }
  });
});
