import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisStore } from '@sundial/redis';
import { createCertificates, type Certificates } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { openLoop } from '../support/open-loop.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisProcess } from '../support/redis-process.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { RunningService } from '../support/running-service.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** All the rights that docs/redis.md gives to a user. */
const RIGHTS = /ACL SETUSER sundial on >\S+ ([^`]*)/
  .exec(readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8'))![1]!
  .trim()
  .split(/\s+/);
const LIMITED = { REDIS_USERNAME: 'sundial', REDIS_PASSWORD: 's3cret' };

const PUPILS = 50;
const MAX_AN_HOUR = 3;
const CHECKS_PER_PUPIL = 4;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

let certificates: Certificates;
beforeAll(async () => {
  certificates = await createCertificates();
});
afterAll(() => certificates.remove());

async function serve(env: Readonly<Record<string, string>>): Promise<RunningService> {
  const service = await RunningService.start(env);
  undo.push(() => service.stop());
  return service;
}

async function limitUser(
  servers: readonly RedisProcess[],
  rights: readonly string[] = RIGHTS,
): Promise<void> {
  const user = ['SETUSER', LIMITED.REDIS_USERNAME, 'reset', 'on', `>${LIMITED.REDIS_PASSWORD}`, ...rights];
  await Promise.all(servers.map((server) => server.cli('ACL', ...user)));
}

function hostPorts(servers: readonly { readonly port: number }[]): string {
  return servers.map(({ port }) => `127.0.0.1:${port}`).join(',');
}

interface Decision {
  readonly allowed: boolean;
  readonly degraded: unknown;
}

/** Checks under load, exactly to the limit; a rule that is changed for all; and nothing that Redis lacks. */
async function expectToServe(service: RunningService): Promise<void> {
  const check = async (index: number) => {
    const subject = { user: `pupil-${index % PUPILS}` };
    const { status, body } = await service.api.post('/check').send({ resource: 'ocr', subject });
    return { status: status as number, ...(body as Decision) };
  };
  const load = { ratePerSecond: 200, durationMs: (PUPILS * CHECKS_PER_PUPIL * 1_000) / 200 };
  const { arrivals, errors } = await openLoop({ ...load, call: check });
  expect(errors).toEqual([]);
  const answers = arrivals.map(({ result }) => result);
  expect(answers.filter(({ status, degraded }) => status !== 200 || degraded !== null)).toEqual([]);
  expect(answers.filter(({ allowed }) => allowed)).toHaveLength(PUPILS * MAX_AN_HOUR);
  const usage = await service.api.get('/usage').query({ resource: 'ocr', user: 'pupil-0' });
  expect(usage.body.limits.map(({ used }: { used: number }) => used)).toEqual([MAX_AN_HOUR, MAX_AN_HOUR]);

  const limits = [{ window: 'hour', max: MAX_AN_HOUR + 1 }];
  expect((await service.api.patch('/admin/rules/ocr-per-user').send({ limits })).status).toBe(200);
  expect(await check(0)).toMatchObject({ allowed: true });
  const { body } = await service.api.get('/health/ready');
  const { conditions } = body.store as { conditions: { condition: string }[] };
  expect(conditions.map(({ condition }) => condition).filter((name) => name !== 'persistence')).toEqual([]);
}

describe('Sundial serves on', () => {
  it('one server, as a user who may do nothing but what is needed', async () => {
    const redis = await RedisProcess.start();
    undo.push(() => redis.stop());
    await limitUser([redis]);
    await expectToServe(await serve({ REDIS_URL: redis.url.replace('//', '//sundial:s3cret@') }));
  });

  it('one server on a Unix socket, in a database of its own, as a limited user', async () => {
    const directory = await temporaryDirectory();
    undo.push(() => directory.remove());
    const path = join(directory.path, 'redis.sock');
    const redis = await RedisProcess.start({ args: ['--unixsocket', path, '--unixsocketperm', '700'] });
    undo.push(() => redis.stop());
    await limitUser([redis], [...RIGHTS, '+select']);
    const url = `unix://sundial:s3cret@${path}?db=3`;
    const service = await serve({ REDIS_URL: url });
    await expectToServe(service);
    expect(String(await redis.cli('INFO', 'keyspace'))).toMatch(/^# Keyspace\r\ndb3:keys=\d+[^\n]*\n$/);

    // What is not right with it is said of the socket.
    const { conditions } = (await service.api.get('/health/ready')).body.store;
    expect(conditions).toMatchObject([{ condition: 'persistence' }]);
    const missing = new RedisStore({ kind: 'single', url: url.replace('redis.sock', 'no.sock') });
    undo.push(() => missing.close());
    const [finding] = await eventually(async () => {
      const found = await missing.examined(1_000);
      return found.length > 0 && found;
    });
    expect(finding).toMatchObject({
      finding: 'unreachable',
      sentence: expect.stringContaining('no.sock'),
    });
  });

  it('one server with TLS, that it does not trust without its authority', async () => {
    const redis = await RedisProcess.start({ tls: certificates, password: 's3cret' });
    undo.push(() => redis.stop());
    const stranger = await serve({ REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '50' });
    const store = (await stranger.api.get('/health/ready')).body.store;
    expect(store.conditions).toMatchObject([{ condition: 'certificate', severity: 'warn' }]);
    expect((await stranger.api.post('/check').send({ resource: 'ocr', subject: { user: 'x' } })).status).toBe(
      200,
    );
    await expectToServe(await serve({ REDIS_URL: redis.url, SUNDIAL_REDIS_CA: certificates.files.ca }));
  });

  it('a Sentinel group, with TLS and as a limited user', async () => {
    const group = await RedisSentinel.start({ tls: certificates });
    undo.push(() => group.stop());
    await limitUser(group.servers);
    const sentinels = { REDIS_SENTINELS: hostPorts(group.sentinels), REDIS_SENTINEL_NAME: group.target.name };
    const trust = { REDIS_TLS: 'true', SUNDIAL_REDIS_CA: certificates.files.ca };
    await expectToServe(await serve({ ...sentinels, ...trust, ...LIMITED }));
  });

  it('a Sentinel group whose sentinels ask for a password of their own', async () => {
    const group = await RedisSentinel.start({ sentinelPassword: 'watchword' });
    undo.push(() => group.stop());
    const sentinels = { REDIS_SENTINELS: hostPorts(group.sentinels), REDIS_SENTINEL_NAME: group.target.name };
    const refused = { ...sentinels, REDIS_SENTINEL_PASSWORD: 'wrong' };
    await expect(serve(sentinels)).rejects.toThrow('The sentinels do not let Sundial ask them (');
    await expect(serve(refused)).rejects.toThrow(
      'correct REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD',
    );
    await expectToServe(await serve({ ...sentinels, REDIS_SENTINEL_PASSWORD: 'watchword' }));
  });

  it('a Cluster, with TLS and as a limited user', async () => {
    const cluster = await RedisCluster.start({ tls: certificates });
    undo.push(() => cluster.stop());
    await limitUser(cluster.nodes);
    const trust = { REDIS_TLS: 'true', SUNDIAL_REDIS_CA: certificates.files.ca };
    await expectToServe(await serve({ REDIS_CLUSTER_NODES: hostPorts(cluster.nodes), ...trust, ...LIMITED }));
  });
});

describe('a user who lacks one of the rights', () => {
  /** Without these a name, a hint of a change, or a node of a Cluster is missing; nothing that one server could report. */
  // Without SCAN an operator's look at the subjects of a rule says so.
  const UNNOTICED = /\+scan|client|subscribe|cluster|readonly|readwrite|asking/;
  const needed = RIGHTS.filter((right) => right.startsWith('+') && !UNNOTICED.test(right)).map((right) =>
    right.slice(1),
  );
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start({ args: ['--appendonly', 'yes'] });
  });
  afterAll(() => redis.stop());

  it.each(needed)('is reported: %s', async (right) => {
    await limitUser([redis], [...RIGHTS, `-${right}`]);
    const store = new RedisStore({ kind: 'single', url: redis.url.replace('//', '//sundial:s3cret@') });
    undo.push(() => store.close());
    const conditions = await eventually(async () => {
      const found = await store.examined(300);
      return found.length > 0 && found;
    });
    expect(conditions).toHaveLength(1);
    expect(conditions[0]!.sentence.toLowerCase()).toContain(right);
  });
});
