import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const RULES = `rules:
  - { id: careful, resource: careful, per: [user], degrade: local, limits: [{ window: year, max: 1000000 }] }
  - { id: open-handed, resource: open-handed, per: [user], degrade: allow, limits: [{ window: year, max: 1000000 }] }
`;
const HANGING_DISK = new URL('../support/hanging-disk.mjs', import.meta.url);
const DEADLINE_MS = 100;
/** What a shared machine may add to that; waiting for the disk would add seconds. */
const BUSY_MS = 250;
/** Long enough for the journal to give the disk up. */
const HUNG_MS = 1_600;

interface Answer {
  readonly allowed: boolean;
  readonly degraded: { readonly policy: string } | null;
}

describe('a node whose disk hangs while Redis is frozen', () => {
  let redis: RedisProcess;
  let directory: TemporaryDirectory;
  let service: ServiceProcess;
  let slowestMs: number;
  beforeEach(async () => {
    slowestMs = 0;
    redis = await RedisProcess.start();
    directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'rules.yaml'), RULES);
  });
  afterEach(async () => {
    redis.thaw();
    await service.stop('SIGKILL');
    await redis.stop();
    await directory.remove();
  });

  const hung = () => join(directory.path, 'hung');

  async function start(sync: 'group' | 'strict'): Promise<ServiceProcess> {
    return ServiceProcess.start({
      preload: [HANGING_DISK],
      env: {
        DISK_HANGS_WHILE: hung(),
        REDIS_URL: redis.url,
        SUNDIAL_JOURNAL: sync,
        SUNDIAL_DEADLINE_MS: String(DEADLINE_MS),
        SUNDIAL_DATA_DIR: directory.path,
        SUNDIAL_RULES_FILE: join(directory.path, 'rules.yaml'),
        SUNDIAL_LAME_DUCK_MS: '0',
      },
    });
  }

  async function check(resource: string, operationId?: string): Promise<Answer> {
    const from = performance.now();
    const { body } = await service.fetchJson('POST', '/check', {
      resource,
      subject: { user: 'u1' },
      operationId,
    });
    slowestMs = Math.max(slowestMs, performance.now() - from);
    return body as Answer;
  }

  /** Until the journal has given the disk up, and a little longer. */
  async function checks(resource: string): Promise<Answer[]> {
    const answers: Promise<Answer>[] = [];
    const until = performance.now() + HUNG_MS;
    while (performance.now() < until) {
      answers.push(check(resource));
      await sleep(20);
    }
    return Promise.all(answers);
  }

  async function journal() {
    const { body } = await service.fetchJson('GET', '/admin/journal');
    return body as { pending: number; unjournaled: number; withheld: number; lost: number };
  }

  async function used(resource: string): Promise<number> {
    redis.thaw();
    await eventually(async () => (await journal()).pending === 0, { withinMs: 10_000, everyMs: 50 });
    const { body } = await eventually(async () => {
      const usage = await service.fetchJson('GET', `/usage?resource=${resource}&user=u1`);
      return usage.body.degraded === null && usage;
    });
    return (body as { limits: { used: number }[] }).limits[0]!.used;
  }

  const allowed = (answers: readonly Answer[]) => answers.filter((each) => each.allowed).length;

  it('in group mode decides as if the disk were whole, and never waits for it', async () => {
    service = await start('group');
    await check('careful');
    redis.freeze();
    await writeFile(hung(), '');
    const answers = await checks('careful');
    expect(allowed(answers)).toBe(answers.length);
    expect(slowestMs).toBeLessThan(DEADLINE_MS + BUSY_MS);
    expect(service.output).toContain('The journal cannot be written');
    await rm(hung());
    expect(await used('careful')).toBe(1 + answers.length);
  }, 30_000);

  it('in strict mode promises nothing that it may forget, says so in time, and the counters agree', async () => {
    service = await start('strict');
    await check('careful');
    redis.freeze();
    await writeFile(hung(), '');
    const answers = await checks('careful');
    expect(allowed(answers)).toBe(0);
    expect(answers.every(({ degraded }) => degraded?.policy === 'deny')).toBe(true);
    expect(slowestMs).toBeLessThan(DEADLINE_MS + BUSY_MS);
    expect(await journal()).toMatchObject({ withheld: answers.length, lost: 0 });
    await rm(hung());
    expect(await used('careful')).toBe(1);
  }, 30_000);

  it('in strict mode still puts business first where a rule says so, and says that it did', async () => {
    service = await start('strict');
    await check('open-handed');
    redis.freeze();
    await writeFile(hung(), '');
    const answers = await checks('open-handed');
    expect(allowed(answers)).toBe(answers.length);
    expect(slowestMs).toBeLessThan(DEADLINE_MS + BUSY_MS);
    expect(await journal()).toMatchObject({ withheld: 0, unjournaled: answers.length });
    await rm(hung());
    expect(await used('open-handed')).toBe(1 + answers.length);
  }, 30_000);

  it('in strict mode has forgotten no promise when it is killed then', async () => {
    service = await start('strict');
    await check('careful');
    redis.freeze();
    const before = await checks('careful');
    await writeFile(hung(), '');
    const answers = [...before, ...(await checks('careful'))];
    await service.stop('SIGKILL');
    await rm(hung());
    service = await start('strict');
    expect(allowed(answers)).toBeGreaterThan(0);
    expect(await used('careful')).toBe(1 + allowed(answers));
  }, 30_000);

  it('gives all callers under one id the same answer, and counts it once when it is asked again', async () => {
    service = await start('strict');
    await check('careful');
    redis.freeze();
    await writeFile(hung(), '');
    const answers = await Promise.all([check('careful', 'o1'), check('careful', 'o1')]);
    expect(allowed(answers)).toBe(0);
    await rm(hung());
    await eventually(async () => (await check('careful', 'o1')).allowed);
    expect((await check('careful', 'o1')).allowed).toBe(true);
    expect(await used('careful')).toBe(2);
  }, 30_000);
});
