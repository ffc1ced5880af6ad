import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const RULES = `rules:
  - { id: kept-local, resource: local, per: [user], degrade: local, limits: [{ window: year, max: 1000000 }] }
  - { id: kept-deny, resource: deny, per: [user], degrade: deny, limits: [{ window: year, max: 1000000 }] }
`;
/** Far longer than the journal gathers lines, also on a busy machine. */
const SYNCED_MS = 300;
const TOGETHER = 25;

describe('a node that is killed while Redis is frozen', () => {
  let redis: RedisProcess;
  let directory: TemporaryDirectory;
  let service: ServiceProcess;
  beforeEach(async () => {
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

  async function start(sync: 'group' | 'strict', deadlineMs = 50): Promise<ServiceProcess> {
    return ServiceProcess.start({
      env: {
        REDIS_URL: redis.url,
        SUNDIAL_JOURNAL: sync,
        SUNDIAL_DATA_DIR: directory.path,
        SUNDIAL_RULES_FILE: join(directory.path, 'rules.yaml'),
        SUNDIAL_LAME_DUCK_MS: '0',
        LOG_LEVEL: 'warn',
        SUNDIAL_DEADLINE_MS: String(deadlineMs),
      },
    });
  }

  /** Checks, some together, and gives the answers that came: a killed service leaves some without. */
  async function check(resource: string, times: number): Promise<boolean[]> {
    const answers: boolean[] = [];
    let left = times;
    const asking = async () => {
      while (left-- > 0) {
        const answer = await service
          .fetchJson('POST', '/check', { resource, subject: { user: 'u1' } })
          .catch(() => undefined);
        if (!answer) return;
        answers.push((answer.body as { allowed: boolean }).allowed);
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, asking));
    return answers;
  }

  async function used(resource: string): Promise<number> {
    const { body } = await service.fetchJson('GET', `/usage?resource=${resource}&user=u1`);
    return (body as { limits: { used: number }[] }).limits[0]!.used;
  }

  async function journal() {
    const { body } = await service.fetchJson('GET', '/admin/journal');
    return body as { pending: number; tornBytes: number; unjournaled: number; lost: number };
  }

  async function settled(): Promise<void> {
    redis.thaw();
    await eventually(async () => (await journal()).pending === 0, { withinMs: 10_000, everyMs: 50 });
    await eventually(
      async () => (await service.fetchJson('GET', '/usage?resource=local&user=u1')).body.degraded === null,
    );
  }

  it('has to settle again after its restart all that it had answered, and the counters equal that', async () => {
    service = await start('group');
    const before = [await check('local', 50), await check('deny', 50)].flat();
    expect(before).not.toContain(false);
    redis.freeze();
    const local = await check('local', 400);
    const denied = await check('deny', 50);
    expect(local).not.toContain(false);
    expect(denied).not.toContain(true);
    await sleep(SYNCED_MS);
    const { pending } = await journal();
    expect(pending).toBeGreaterThanOrEqual(local.length);
    await service.stop('SIGKILL');

    service = await start('group');
    expect(await journal()).toMatchObject({ pending, tornBytes: 0, lost: 0 });
    await settled();
    expect(await used('local')).toBe(50 + local.length);
    expect(await used('deny')).toBe(50);
  });

  it('in strict mode forgets nothing that it had answered, however suddenly it ended', async () => {
    // What the disk of a shared machine takes in 50 ms is not for a test to judge.
    service = await start('strict', 400);
    await check('local', 25);
    redis.freeze();
    const checking = check('local', 100_000);
    await sleep(2_500);
    const { unjournaled } = await journal();
    await service.stop('SIGKILL');
    const answers = await checking;
    const allowed = answers.filter(Boolean).length;
    expect(allowed).toBeGreaterThan(100);
    expect(unjournaled).toBe(0);

    service = await start('strict');
    await settled();
    const counted = await used('local');
    expect(counted).toBeGreaterThanOrEqual(25 + allowed);
    // Beyond that: what was decided, or on its way to Redis, when the end came; and what the disk had, but too late.
    expect(counted).toBeLessThanOrEqual(25 + answers.length + TOGETHER);
  });
});
