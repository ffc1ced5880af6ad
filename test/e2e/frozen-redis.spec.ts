import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLoop } from '../support/open-loop.js';
import { percentile } from '../support/percentile.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const RATE = 200;
const FROZEN_MS = 3_000;
const BEFORE_MS = 1_000;
const RECOVERY_MS = 2_000;
/** The deadline, and what the product promises beyond it. */
const PROMISED_MS = 50 + 15;
const RULE = { id: 'calm', resource: 'calm', per: ['user'], limits: [{ window: 'year', max: 1_000_000 }] };

describe('a service whose Redis is frozen', () => {
  let redis: RedisProcess;
  let service: ServiceProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
    service = await ServiceProcess.start({ env: { REDIS_URL: redis.url, SUNDIAL_LAME_DUCK_MS: '0' } });
    expect((await service.fetchJson('POST', '/admin/rules', RULE)).status).toBe(201);
  });
  afterAll(async () => {
    await service.stop();
    await redis.stop();
  });

  it('answers every check in time, says what it is, and is exact again within two seconds', async () => {
    const thaw = sleep(BEFORE_MS)
      .then(() => redis.freeze())
      .then(() => sleep(FROZEN_MS))
      .then(() => redis.thaw());
    const { arrivals, errors } = await openLoop({
      ratePerSecond: RATE,
      durationMs: BEFORE_MS + FROZEN_MS + RECOVERY_MS + 1_000,
      call: (index) =>
        service.fetchJson('POST', '/check', { resource: 'calm', subject: { user: `u${index % 7}` } }),
    });
    await thaw;

    expect(errors).toEqual([]);
    expect(arrivals.filter(({ result }) => result.status !== 200 || !result.body.allowed)).toEqual([]);
    const dueBetween = (from: number, to: number) =>
      arrivals.filter(({ dueMs }) => dueMs > from && dueMs < to);
    const frozen = dueBetween(BEFORE_MS + 200, BEFORE_MS + FROZEN_MS - 100);
    // A caller that waited for Redis would wait for seconds. The last permille is held to the promise where no other process
    // is measured with it (test/chaos), and by the bench.
    expect(
      percentile(
        frozen.map(({ latencyMs }) => latencyMs),
        50,
      ),
    ).toBeLessThanOrEqual(PROMISED_MS);
    expect(frozen.filter(({ result }) => result.body.degraded?.policy !== 'local')).toEqual([]);
    const after = dueBetween(BEFORE_MS + FROZEN_MS + RECOVERY_MS, Infinity);
    expect(after.filter(({ result }) => result.body.degraded !== null)).toEqual([]);

    let counted = 0;
    for (let user = 0; user < 7; user++) {
      const { body } = await service.fetchJson('GET', `/usage?resource=calm&user=u${user}`);
      counted += body.limits[0].used;
    }
    expect(counted).toBe(arrivals.length);
  }, 30_000);
});
