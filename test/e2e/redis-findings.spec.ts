import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createCertificates } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { RedisProcess, type RedisProcessOptions } from '../support/redis-process.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { refusedStart } from '../support/refused-start.js';
import { RunningService } from '../support/running-service.js';
import { ServiceProcess } from '../support/service-process.js';

/** A Redis that persists its data, so that there is no finding about it. */
const GOOD = ['--appendonly', 'yes'];
const EVICTING = ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'];

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function startRedis(options: RedisProcessOptions = { args: GOOD }): Promise<RedisProcess> {
  const redis = await RedisProcess.start(options);
  undo.push(() => redis.stop());
  return redis;
}

async function startService(url: string): Promise<ServiceProcess> {
  const service = await ServiceProcess.start({ env: { REDIS_URL: url, SUNDIAL_LAME_DUCK_MS: '0' } });
  undo.push(() => service.stop());
  return service;
}

/** What a service says that ends at its start. */
function refusal(where: string | Record<string, string>): Promise<string> {
  return refusedStart(typeof where === 'string' ? { REDIS_URL: where } : where);
}

/** The address of a Redis for a user with these rights only. */
async function urlOf(redis: RedisProcess, ...rights: readonly string[]): Promise<string> {
  await redis.cli('ACL', 'SETUSER', 'sundial', 'reset', 'on', '>secret', ...rights);
  return redis.url.replace('//', '//sundial:secret@');
}

const ALL = ['~sd1:*', '&sd1:*', '+@all'];

interface Served {
  readonly url: string;
}

async function get(service: Served, path: string): Promise<Response> {
  return fetch(new URL(path, service.url));
}

interface Ready {
  readonly store: { readonly mode: string; readonly conditions: readonly { readonly condition: string }[] };
}

async function readiness(service: Served): Promise<Ready['store']> {
  return ((await (await get(service, '/health/ready')).json()) as Ready).store;
}

/** Waits until exactly these findings are shown. */
async function shown(service: Served, ...conditions: readonly string[]): Promise<void> {
  await eventually(async () => {
    const { conditions: found } = await readiness(service);
    expect(found.map(({ condition }) => condition)).toEqual(conditions);
    return true;
  });
}

async function check(service: Served): Promise<{ readonly allowed: boolean; readonly degraded: unknown }> {
  const body = JSON.stringify({ resource: 'ocr', subject: { user: `u${Math.random()}` } });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(new URL('/check', service.url), { method: 'POST', headers, body });
  return answer.json() as Promise<{ allowed: boolean; degraded: unknown }>;
}

async function metric(service: Served, series: string): Promise<number> {
  const text = await (await get(service, '/metrics')).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length));
}

/** What was logged about one finding, in order. */
function logged(service: ServiceProcess, name: string): string[] {
  const lines = service.stdout.split('\n').filter((line) => line.includes(`"finding":"${name}"`));
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

describe('a service does not start on a Redis', () => {
  it('that does not let it in', async () => {
    const { url } = await startRedis({ password: 'right' });
    const urls = [url.replace('right', 'wrong'), url.replace(':right@', '')];
    const [wrong, none] = await Promise.all(urls.map(refusal));
    expect(wrong).toMatch(/does not accept the user and password \(WRONGPASS/);
    expect(none).toMatch(/does not accept the user and password \(NOAUTH/);
  });

  it('that drops counters, nor for a user who may not do what is needed; it says both', async () => {
    const redis = await startRedis({ args: EVICTING });
    const service = await ServiceProcess.launch({
      env: { REDIS_URL: await urlOf(redis, ...ALL, '-hdel', '-publish') },
    });
    undo.push(() => service.stop('SIGKILL'));
    expect(await service.exit).toBe(1);
    const { stderr } = service;
    const server = `127.0.0.1:${redis.port}`;
    expect(stderr).toContain(
      `${server}: Redis may drop counters to make room (maxmemory-policy volatile-lru)`,
    );
    expect(stderr).toContain(`${server}: Redis forbids this user HDEL, PUBLISH (`);
  });

  // A user has no channels in Redis 7 unless it is given some, and a script says that in words of its own.
  it('that lets it publish nowhere', async () => {
    const redis = await startRedis();
    expect(await refusal(await urlOf(redis, '~sd1:*', 'resetchannels', '+@all'))).toContain(
      'Redis forbids this user PUBLISH (',
    );
  });

  // The client would go on in database 0, which may be another installation's.
  it('that has no database of the configured number', async () => {
    const redis = await startRedis({ args: [...GOOD, '--databases', '4'] });
    expect(await refusal(`${redis.url}/4`)).toContain('Redis has no database of this number (ERR DB index');
    expect(await redis.cli('DBSIZE')).toBe(0);
  });

  // It answered for a third of the subjects, was `exact` in its own eyes, and could store no rules.
  it('that is a node of a Cluster, and was given as a server of its own', async () => {
    const node = await startRedis({ args: [...GOOD, '--cluster-enabled', 'yes'] });
    expect(await refusal(node.url)).toContain(
      'one node of a Cluster, and holds a part of the keys: name it in',
    );
  });

  it('that was given as a Cluster, or as a sentinel, and is none', async () => {
    const { port } = await startRedis();
    const place = `127.0.0.1:${port}`;
    const sentinels = { REDIS_SENTINELS: place, REDIS_SENTINEL_NAME: 'main' };
    expect(await refusal({ REDIS_CLUSTER_NODES: place })).toContain('give it as REDIS_URL instead');
    expect(await refusal(sentinels)).toContain('REDIS_SENTINELS names a Redis that is no sentinel');
  });

  it('whose sentinels do not let it in, or do not know the master by that name', async () => {
    const group = await RedisSentinel.start({ sentinelPassword: 'watchword' });
    undo.push(() => group.stop());
    const REDIS_SENTINELS = group.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const named = { REDIS_SENTINELS, REDIS_SENTINEL_NAME: group.target.name };
    const refused = 'The sentinels do not let Sundial ask them (';
    expect(await refusal(named)).toContain(refused);
    expect(await refusal({ ...named, REDIS_SENTINEL_PASSWORD: 'wrong' })).toContain(refused);
    expect(
      await refusal({ ...named, REDIS_SENTINEL_PASSWORD: 'watchword', REDIS_SENTINEL_NAME: 'another' }),
    ).toContain('The sentinels watch no master of this name (ERR No such master');
  });

  it('that runs no scripts for it', async () => {
    const redis = await startRedis();
    expect(await refusal(await urlOf(redis, ...ALL, '-@scripting'))).toContain(
      'Redis forbids this user EVALSHA (NOPERM',
    );
  });
});

describe('a service that runs', () => {
  // A mistyped address was an outage like any other, and nothing said which.
  it('says once that no server is at the address it was given, and once that one is', async () => {
    const redis = await startRedis();
    await redis.kill();
    const service = await startService(redis.url);
    await shown(service, 'unreachable');
    await redis.restart();
    await shown(service);
    await eventually(() => logged(service, 'unreachable').length > 1);
    const [began, ended, ...others] = logged(service, 'unreachable');
    expect(began).toContain(`Redis cannot be reached (connect ECONNREFUSED 127.0.0.1:${redis.port})`);
    expect(ended).toBeDefined();
    expect(others).toEqual([]);
  });

  const evicting = 'sundial_redis_finding{finding="eviction",severity="refuse"}';

  it('warns where it is not allowed to look', async () => {
    const redis = await startRedis();
    const REDIS_URL = await urlOf(redis, ...ALL, '-info', '-config');
    const service = await RunningService.start({ REDIS_URL });
    undo.push(() => service.stop());
    await shown(service, 'unknown');
    expect(await check(service)).toMatchObject({ allowed: true, degraded: null });
  });

  it('serves where INFO is renamed', async () => {
    const redis = await startRedis({ args: [...GOOD, '--rename-command', 'INFO', 'FACTS'], info: 'FACTS' });
    const service = await RunningService.start({ REDIS_URL: redis.url });
    undo.push(() => service.stop());
    await shown(service, 'unknown');
    expect(await check(service)).toMatchObject({ allowed: true, degraded: null });
  });

  it('says that it was pointed to a replica', async () => {
    const master = await startRedis();
    const replica = await startRedis({ args: [...GOOD, '--replicaof', '127.0.0.1', String(master.port)] });
    const service = await RunningService.start({ REDIS_URL: replica.url, SUNDIAL_DEADLINE_MS: '50' });
    undo.push(() => service.stop());
    await shown(service, 'role', 'writable');
    expect(await check(service)).toMatchObject({ degraded: { policy: 'local' } });
  });

  it('says that Redis talks TLS where the address does not', async () => {
    const certificates = await createCertificates();
    undo.push(() => certificates.remove());
    const redis = await startRedis({ tls: certificates, args: GOOD });
    const service = await startService(redis.url.replace('rediss:', 'redis:'));
    await shown(service, 'unreachable');
    expect(logged(service, 'unreachable')).toEqual([expect.stringContaining('whether both sides talk TLS')]);
  });

  it('reports once a Redis that changes for the worse, and when it is mended; and serves meanwhile', async () => {
    const redis = await startRedis();
    const service = await startService(redis.url);
    const reconnect = () => redis.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await shown(service);
    expect(await metric(service, evicting)).toBe(0);
    await redis.cli('CONFIG', 'SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
    await reconnect();
    await shown(service, 'eviction');
    expect(await metric(service, evicting)).toBe(1);
    const alarms = (await service.fetchJson('GET', '/admin/alarms')).body;
    expect(alarms.active).toMatchObject([{ pattern: 'store-unfit' }]);
    await reconnect();
    await eventually(async () => (await check(service)).degraded === null);
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await reconnect();
    await shown(service);
    await eventually(() => logged(service, 'eviction').length === 2);
    expect(logged(service, 'eviction')).toEqual([
      expect.stringMatching(/^Redis may drop counters .*allkeys-lru/),
      expect.stringMatching(/^resolved: /),
    ]);
  });

  it('reports a key that is not its own without naming it, and lets the policy decide until it is gone', async () => {
    const redis = await startRedis();
    const service = await startService(redis.url);
    const checkOf = async (user: string) =>
      (await service.fetchJson('POST', '/check', { resource: 'ocr', subject: { user } })).body;
    await checkOf('unlucky');
    const [key] = (await redis.cli('KEYS', 'sd1:{ocr:user=unlucky}:ocr-*')) as [string];
    await redis.cli('SET', key, 'foreign');
    const answers = await Promise.all(Array.from({ length: 20 }, () => checkOf('unlucky')));
    expect(new Set(answers.map(({ degraded }) => degraded?.cause))).toEqual(new Set(['store-error']));
    expect(await redis.cli('GET', key)).toBe('foreign');
    expect(await readiness(service)).toMatchObject({ mode: 'exact' });
    expect(await checkOf('lucky')).toMatchObject({ allowed: true, degraded: null });
    const reports = () => service.stdout.split('\n').filter((line) => line.includes('did not write; see'));
    await eventually(() => reports().length === 1);
    expect(JSON.parse(reports()[0]!)).toMatchObject({ resource: 'ocr', rules: ['ocr-per-user'], checks: 1 });
    expect(service.stdout).not.toContain('unlucky');
    const alarms = (await service.fetchJson('GET', '/admin/alarms')).body;
    expect(alarms.active[0]).toMatchObject({ pattern: 'wrong-type-keys', channel: { resource: 'ocr' } });
    expect(await metric(service, 'sundial_wrong_type_keys_total{resource="ocr"}')).toBeGreaterThan(0);
    await redis.cli('DEL', key);
    await eventually(async () => (await checkOf('unlucky')).degraded === null);
  });

  describe('on a Redis that refuses what it is asked', () => {
    let redis: RedisProcess;
    let service: RunningService;
    beforeAll(async () => {
      redis = await RedisProcess.start({ args: GOOD });
      const REDIS_URL = await urlOf(redis, ...ALL);
      service = await RunningService.start({ REDIS_URL, SUNDIAL_DEADLINE_MS: '50' });
    });
    afterAll(async () => {
      await service.stop();
      await redis.stop();
    });

    it.each([
      {
        fault: ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
        mended: ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
        found: ['writable'],
      },
      {
        fault: ['CONFIG', 'SET', 'maxmemory', '1'],
        mended: ['CONFIG', 'SET', 'maxmemory', '0'],
        found: ['writable'],
      },
      {
        fault: ['REPLICAOF', '127.0.0.1', '1'],
        mended: ['REPLICAOF', 'NO', 'ONE'],
        found: ['role', 'writable'],
      },
      {
        fault: ['ACL', 'SETUSER', 'sundial', '-set'],
        mended: ['ACL', 'SETUSER', 'sundial', '+set'],
        found: ['permissions'],
      },
      {
        fault: ['ACL', 'SETUSER', 'sundial', '-get'],
        mended: ['ACL', 'SETUSER', 'sundial', '+get'],
        found: ['permissions'],
      },
    ] as const)(
      'says why it degrades, stays so, and is exact within 2 s of $mended',
      async ({ fault, mended, found }) => {
        await redis.cli(...(fault as unknown as [string]));
        await eventually(
          async () =>
            (await check(service)).degraded !== null && (await readiness(service)).mode === 'degraded',
        );
        await shown(service, ...found);
        for (let times = 0; times < 50; times++) expect((await check(service)).degraded).not.toBeNull();
        await redis.cli(...(mended as unknown as [string]));
        await eventually(async () => (await check(service)).degraded === null, { withinMs: 2_000 });
        await shown(service);
      },
    );
  });
});
