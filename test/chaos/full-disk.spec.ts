import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const RULE = {
  id: 'spacious',
  resource: 'spacious',
  per: ['user'],
  degrade: 'allow',
  limits: [{ window: 'year', max: 1_000_000 }],
};
/** Room for about a hundred decisions. */
const MAX_FILE_BYTES = 16 * 1024;
const CHECKS = 600;
/** A journal without pending settlements: what stays is a note of how far Redis has come. */
const NOTHING_PENDING_BYTES = 400;

describe('a node whose disk takes no more', () => {
  let redis: RedisProcess;
  let service: ServiceProcess;
  beforeEach(async () => {
    redis = await RedisProcess.start();
  });
  afterEach(async () => {
    redis.thaw();
    await service.stop('SIGKILL');
    await redis.stop();
  });

  it.each(['group', 'strict'])('decides all the same, says so, and settles from memory: %s', async (sync) => {
    service = await ServiceProcess.start({
      env: { REDIS_URL: redis.url, SUNDIAL_JOURNAL: sync, SUNDIAL_LAME_DUCK_MS: '0' },
      maxFileBytes: MAX_FILE_BYTES,
    });
    expect((await service.fetchJson('POST', '/admin/rules', RULE)).status).toBe(201);
    const check = () =>
      service.fetchJson('POST', '/check', { resource: 'spacious', subject: { user: 'u1' } });
    await check();
    redis.freeze();
    for (let from = 1; from < CHECKS; from += 50) {
      const count = Math.min(50, CHECKS - from);
      const answers = await Promise.all(Array.from({ length: count }, check));
      expect(answers.filter(({ status, body }) => status !== 200 || !body.allowed)).toEqual([]);
      await sleep(20);
    }
    const { body } = await service.fetchJson('GET', '/admin/journal');
    expect(body.pending).toBeGreaterThan(CHECKS / 2);
    expect(body.unjournaled).toBeGreaterThan(0);
    expect(body.bytes).toBeLessThanOrEqual(MAX_FILE_BYTES);
    expect(service.output).toContain('The journal cannot be written');

    redis.thaw();
    const journal = async () => (await service.fetchJson('GET', '/admin/journal')).body;
    await eventually(async () => (await journal()).pending === 0, { withinMs: 10_000, everyMs: 50 });
    await eventually(async () => (await journal()).bytes < NOTHING_PENDING_BYTES, {
      withinMs: 5_000,
      everyMs: 50,
    });
    await eventually(() =>
      service.output.includes('the journal can be written again, and nothing is missing'),
    );
    const usage = await service.fetchJson('GET', '/usage?resource=spacious&user=u1');
    expect(usage.body.limits[0].used).toBe(CHECKS);
  });
});
