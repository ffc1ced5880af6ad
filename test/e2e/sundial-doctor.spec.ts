import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService } from '../support/running-service.js';
import { spawnSundial, sundial } from '../support/sundial-cli.js';

const KEYS = { SUNDIAL_ADMIN_KEYS: 'root-secret', SUNDIAL_CHECK_KEYS: 'app-secret' };

interface Finding {
  readonly where: string;
  readonly check: string;
  readonly result: string;
  readonly seen: string;
  readonly mend?: string;
}

let redis: RedisProcess;
let service: RunningService;
let twin: RunningService;

beforeAll(async () => {
  redis = await RedisProcess.start({ args: ['--appendonly', 'yes'] });
  const settings = {
    ...KEYS,
    REDIS_URL: redis.url,
    SUNDIAL_CLOCK_OFFSET_MS: '0',
    SUNDIAL_DEADLINE_MS: '200',
  };
  service = await RunningService.start(settings);
  twin = await RunningService.start(settings);
});
afterAll(async () => {
  await twin?.stop();
  await service?.stop();
  await redis?.stop();
});

async function doctor(...args: readonly string[]) {
  const env = { SUNDIAL_URL: service.url, SUNDIAL_KEY: 'root-secret' };
  const { code, stdout, stderr } = await sundial(['doctor', '--json', ...args], env);
  const { findings = [] } = stdout ? (JSON.parse(stdout) as { findings?: readonly Finding[] }) : {};
  return {
    code,
    stderr,
    findings,
    wrong: findings.filter(({ result }) => result === 'FAILED' || result === 'warning'),
  };
}

describe('sundial doctor', () => {
  it('finds nothing wrong with nodes that agree and their Redis, and ends with 0', async () => {
    const { code, wrong, findings } = await doctor('--node', twin.url, '--redis', redis.url);
    expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
    const seen = (check: string) =>
      findings.filter((finding) => finding.check === check).map(({ seen: it }) => it);
    expect(seen('store')).toEqual(['redis decides', 'redis decides']);
    expect(seen('rules versions')).toEqual([expect.stringMatching(/^all at \d+$/)]);
    expect(seen('nodes')).toEqual(['all 2 were asked']);
    expect(seen('redis')).toEqual(['every command that Sundial uses was carried out']);
  });

  it('prints a table, as a process of its own', async () => {
    const env = { SUNDIAL_URL: service.url, SUNDIAL_KEY: 'root-secret', REDIS_URL: redis.url };
    const { code, stdout, stderr } = await spawnSundial(['doctor'], env);
    expect(stdout).toMatch(/^where +looked at +result +seen\n[^]*\nredis +redis +ok +every command/);
    expect(stdout).toMatch(/\nNothing is wrong\.\n$/);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `Looking at ${service.url} …\nLooking at Redis …\n`,
    });
  });

  it('notes gates, brakes and drills that may have been forgotten, and calls them no fault', async () => {
    const env = { SUNDIAL_URL: service.url, SUNDIAL_KEY: 'root-secret' };
    await sundial(['gates', 'set', 'open', 'ocr', '--until', '1h', '--reason', 'exam'], env);
    const { findings } = await doctor();
    expect(findings.filter(({ check }) => check === 'gate')).toEqual([
      {
        ...{ where: service.url, check: 'gate', result: 'note' },
        seen: expect.stringMatching(/^ocr: open until .*\(exam\)$/),
        mend: 'If it is not wanted any more: sundial gates set normal ocr.',
      },
    ]);
    await sundial(['gates', 'set', 'normal', 'ocr'], env);
  });

  it('says so of a key that is refused, and looks at the rest', async () => {
    const { code, wrong } = await doctor('--key', 'guessed');
    expect(code).toBe(1);
    expect(wrong).toMatchObject([
      { check: 'admin key', result: 'FAILED', seen: expect.stringContaining('(wrong-key)') },
    ]);
    expect(JSON.stringify(wrong)).not.toContain('guessed');
  });

  it('says so of a service and of a Redis that are not there', async () => {
    const { code, wrong } = await doctor('--url', 'http://127.0.0.1:1', '--redis', 'redis://127.0.0.1:1');
    expect(code).toBe(1);
    expect(wrong[0]).toMatchObject({ check: 'service', seen: expect.stringContaining("can't be reached") });
    expect(wrong.some(({ where, result }) => where === 'redis' && result !== 'ok')).toBe(true);
    expect(await doctor('--redis', 'http://127.0.0.1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The address of Redis must look like redis://'),
    });
  });

  it('says so of nodes that do not share one Redis', async () => {
    const stranger = await RunningService.start({ ...KEYS, SUNDIAL_CLOCK_OFFSET_MS: '0' });
    try {
      const env = { SUNDIAL_URL: stranger.url, SUNDIAL_KEY: 'root-secret' };
      for (let n = 0; n < 3; n += 1) await sundial(['rules', 'apply', 'config/rules.yaml', '--prune'], env);
      const { code, wrong } = await doctor('--node', twin.url, '--node', stranger.url);
      expect(code).toBe(1);
      expect(wrong.map(({ check }) => check)).toContain('nodes');
    } finally {
      await stranger.stop();
    }
  });

  it('says so of a Redis that evicts counters', async () => {
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.cli('CONFIG', 'SET', 'maxmemory', '100mb');
    const { code, wrong } = await doctor('--redis', redis.url);
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(code).toBe(1);
    expect(wrong).toContainEqual(
      expect.objectContaining({ where: 'redis', check: 'eviction', result: 'FAILED' }),
    );
  });

  it('says so of a node that decides without its store', async () => {
    await redis.kill();
    await eventually(
      async () => {
        await service.api
          .post('/check')
          .auth('app-secret', { type: 'bearer' })
          .send({ resource: 'ocr', subject: { user: 'u' } });
        return (await doctor()).findings.some(
          ({ check, result }) => check === 'store' && result === 'FAILED',
        );
      },
      { what: 'the node is degraded', withinMs: 10_000 },
    );
    const { code, wrong } = await doctor();
    expect(code).toBe(1);
    expect(wrong.map(({ check }) => check)).toEqual(expect.arrayContaining(['store', 'pending settlements']));
    expect(wrong.every(({ mend }) => mend !== undefined)).toBe(true);
  });
});
