import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService } from '../support/running-service.js';
import { sundial } from '../support/sundial-cli.js';

const KEYS = { SUNDIAL_ADMIN_KEYS: 'ops=root-secret', SUNDIAL_CHECK_KEYS: 'shop=app-secret' };

let postgres: PostgresProcess;
let redis: RedisProcess;
let database: string;
let nodes: readonly RunningService[] = [];

/** Two nodes that share a Redis and a ledger. */
beforeAll(async () => {
  [postgres, redis] = await Promise.all([
    PostgresProcess.start(),
    RedisProcess.start({ args: ['--appendonly', 'yes'] }),
  ]);
  database = await postgres.database();
  const settings = {
    ...KEYS,
    REDIS_URL: redis.url,
    SUNDIAL_LEDGER_URL: database,
    SUNDIAL_CLOCK_OFFSET_MS: '0',
  };
  nodes = [
    await RunningService.start({ SUNDIAL_LEDGER: 'on', ...settings, SUNDIAL_NODE_NAME: 'node-a' }),
    await RunningService.start({ SUNDIAL_LEDGER: 'on', ...settings, SUNDIAL_NODE_NAME: 'node-b' }),
  ];
  const few = { resource: 'few', per: ['user'], limits: [{ window: 'total', max: 3 }] };
  for (const [max, reason] of [
    [3, 'launch'],
    [5, 'the exam week'],
  ] as const) {
    const rule = { ...few, limits: [{ window: 'total', max }] };
    await nodes[0]!.api
      .put('/admin/rules/few')
      .query({ reason })
      .auth('root-secret', { type: 'bearer' })
      .send(rule);
  }
}, 60_000);
afterAll(async () => {
  for (const node of new Set(nodes)) await node.stop();
  await redis?.stop();
  await postgres?.stop();
});

const on = (node: number, ...args: readonly string[]) =>
  sundial(args, {
    SUNDIAL_URL: nodes[node]!.url,
    SUNDIAL_KEY: 'root-secret',
    SUNDIAL_CHECK_KEY: 'app-secret',
  });

/** What is shown when the ledger has it: it is written within a second. */
async function shown(pattern: RegExp, ...args: readonly string[]): Promise<string> {
  let last = '';
  await eventually(async () => pattern.test((last = (await on(1, ...args)).stdout)), {
    what: `sundial ${args.join(' ')} shows ${String(pattern)}`,
    withinMs: 10_000,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${last}`);
  });
  return last;
}

describe('sundial trace', () => {
  it('shows an operation in order, whatever node it was on', async () => {
    const check = ['check', 'few', '-s', 'user=t1', '--operation-id', 'order 1/7'];
    await on(0, ...check);
    await on(1, ...check);
    await nodes[0]!.api
      .post('/refunds')
      .auth('app-secret', { type: 'bearer' })
      .send({ resource: 'few', subject: { user: 't1' }, operationId: 'order 1/7' })
      .expect(200);
    const text = await shown(/refund/, 'trace', 'order 1/7');
    expect(text.split('\n').map((line) => line.replace(/^\S+T\S+ +/, '').replaceAll(/ {2,}/g, '  '))).toEqual(
      [
        'few user=t1',
        expect.stringMatching(/^at {2}node/),
        expect.stringMatching(/^node-a.* {2}check {2}allowed {2}shop {2}.*1 units.*few 1\/5 a total/),
        expect.stringMatching(/^node-b.* {2}check {2}allowed {2}shop {2}.*replayed/),
        expect.stringMatching(/^node-a.* {2}refund {2}/),
        '',
        expect.stringMatching(/^From the ledger of .*node-a.*node-b.*\.$/),
        '',
      ],
    );
    const { stdout } = await on(0, 'trace', 'order 1/7', '--json', '--time-zone', 'Asia/Shanghai');
    const { operations } = JSON.parse(stdout) as { operations: { events: { at: string }[] }[] };
    expect(operations[0]!.events.map(({ at }) => at.slice(-6))).toEqual(['+08:00', '+08:00', '+08:00']);
  });

  it('ends with 1 where nothing is known of it', async () => {
    expect(await on(0, 'trace', 'never')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^Nothing is known of an operation never: /),
    });
  });
});

describe('sundial audit', () => {
  it('shows who changed what and why, and a rule goes back to a version that it shows', async () => {
    const text = await shown(/exam week/, 'audit', '--rule', 'few', '--from', '1h');
    expect(text).toMatch(
      /^at +what +on +version +by +reason +change\n\S+ +rule-changed +.*few +\d+ +ops +the exam week +limits: .*"max":3.* → .*"max":5/,
    );
    const [, version = ''] = /rule-created +\S+ +(\d+) /.exec(text) ?? [];
    expect((await on(0, 'rules', 'rollback', 'few', version, '--reason', 'over')).stdout).toMatch(
      /window: total, max: 3 \}\n[^]*In force as version \d+\.\n$/,
    );
    await shown(/rule-rolled-back .* ops +over /, 'audit', '--actor', 'ops', '--action', 'rule-rolled-back');
    expect((await on(0, 'audit', '--to', '1d')).stdout).toMatch(/^Nothing was changed\.\n/);
  });

  it('says where there is more, and takes as many pages as are asked for', async () => {
    const { stdout } = await on(0, 'audit', '--limit', '1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ audit: [{ kind: 'admin' }], hasMore: true });
    expect((await on(0, 'audit', '--limit', '1')).stdout).toMatch(/There are more rows: raise --limit/);
  });
});

describe('sundial doctor, of a database', () => {
  const findingsOf = async (...args: readonly string[]) => {
    const { code, stdout } = await on(0, 'doctor', '--json', ...args);
    const { findings } = JSON.parse(stdout) as {
      findings: { where: string; check: string; result: string; seen: string }[];
    };
    return { code, findings: findings.filter(({ where }) => where === 'database') };
  };

  it('finds the nodes that write to it', async () => {
    const { code, findings } = await findingsOf('--ledger-url', database);
    expect(findings).toEqual([
      expect.objectContaining({
        check: 'server',
        result: 'ok',
        seen: expect.stringMatching(/^PostgreSQL \d+.* of 60 connections$/),
      }),
      expect.objectContaining({ check: 'tables', result: 'ok' }),
      expect.objectContaining({ check: expect.stringContaining('node-a'), result: 'ok' }),
      expect.objectContaining({ check: expect.stringContaining('node-b'), result: 'ok' }),
    ]);
    expect(code).toBe(0);
  });

  it('says so of one that is empty, or not there', async () => {
    expect((await findingsOf('--ledger-url', await postgres.database())).findings).toContainEqual(
      expect.objectContaining({ check: 'tables', result: 'note' }),
    );
    const gone = await findingsOf('--ledger-url', 'postgres://sundial:s3cret@127.0.0.1:1/sundial');
    expect(gone).toMatchObject({ code: 1, findings: [{ check: 'database', result: 'FAILED' }] });
    expect(JSON.stringify(gone)).not.toContain('s3cret');
  });
});

describe('sundial top', () => {
  it('shows who uses most, and who is refused most', async () => {
    for (const user of ['a', 'b', 'b', 'b', 'b', 'b', 'b']) await on(0, 'check', 'few', '-s', `user=${user}`);
    // Sums are added up twice a minute, and when a node ends.
    await nodes[0]!.stop();
    nodes = [nodes[1]!, nodes[1]!];
    const text = await shown(/user=b/, 'top', '--by', 'denied', '--resource', 'few', '--from', '1h');
    expect(text).toMatch(/^resource +subject +used +allowed +denied\nfew +user=b +3 +3 +3\n/);
    const { stdout } = await on(1, 'top', '--resource', 'few', '--json');
    const { subjects } = JSON.parse(stdout) as { subjects: { subject: { user: string }; used: number }[] };
    expect(subjects.map(({ subject: { user }, used }) => [user, used])).toContainEqual(['a', 1]);
  });
});

describe('sundial usage-history', () => {
  it('shows what a subject used in past windows', async () => {
    const text = await shown(/user=b/, 'usage-history', '-s', 'user=b');
    expect(text).toMatch(
      /^from +window +rule +subject +meter +used +max +allowed +denied\n- +total +few +user=b +units +3 +3 +3 +3\n/,
    );
    expect((await on(1, 'usage-history', '-s', 'user=b', '--window', 'day')).stdout).toMatch(
      /^No window of it is known in this time\.\n\nFrom the ledger of /,
    );
    expect(await on(1, 'usage-history')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--subject user=u1'),
    });
  });
});
