import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService } from '../support/running-service.js';

describe('health of an embedded service', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start();
  });
  afterAll(() => service.stop());

  it('is live', async () => {
    expect((await service.api.get('/health/live')).body).toEqual({ status: 'live' });
  });

  it('is ready, and says what it counts in, by which rules and which calendar', async () => {
    const { status, body } = await service.api.get('/health/ready');
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'ready',
      store: { kind: 'embedded', mode: 'exact', cause: null, breaker: 'closed', pending: 0, conditions: [] },
      conditions: [],
      rules: { version: 1, provisional: false },
      nodes: { live: 1 },
      tzdata: process.versions.tz,
    });
  });
});

describe('health of a service on Redis', () => {
  let redis: RedisProcess;
  let service: RunningService;
  beforeAll(async () => {
    redis = await RedisProcess.start();
    service = await RunningService.start({ REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '50' });
  });
  afterAll(async () => {
    await service.stop();
    await redis.stop();
  });

  const check = () => service.api.post('/check').send({ resource: 'llm', subject: { user: 'u1' } });
  const store = async () =>
    ((await service.api.get('/health/ready')).body as { store: { mode: string; cause: string | null } })
      .store;

  it('stays ready while Redis is away, says so, and is exact again when it is back', async () => {
    redis.freeze();
    const away = await eventually(async () => {
      expect((await check()).status).toBe(200);
      const state = await store();
      return state.mode === 'degraded' && state;
    });
    expect(away).toMatchObject({ kind: 'redis', cause: expect.any(String) });
    expect((await service.api.get('/health/ready')).status).toBe(200);
    redis.thaw();
    await eventually(async () => (await store()).mode === 'exact');
    expect(await store()).toMatchObject({ mode: 'exact', cause: null, breaker: 'closed' });
  });
});

describe('a service that starts while Redis is away', () => {
  // It called itself exact until a few checks had failed.
  it('says so from its first moment', async () => {
    const redis = await RedisProcess.start();
    await redis.kill();
    const service = await RunningService.start({ REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '50' });
    const { store } = (await service.api.get('/health/ready')).body as { store: object };
    await service.stop();
    await redis.stop();
    expect(store).toMatchObject({
      mode: 'degraded',
      cause: 'store-error',
      breaker: expect.stringMatching('open'),
    });
  });

  it('is ready with the rules it knows, provisionally', async () => {
    const redis = await RedisProcess.start();
    redis.freeze();
    const service = await RunningService.start({ REDIS_URL: redis.url });
    expect((await service.api.get('/health/ready')).body).toMatchObject({
      status: 'ready',
      rules: { provisional: true },
    });
    redis.thaw();
    const { body } = await eventually(async () => {
      const answer = await service.api.get('/health/ready');
      return answer.body.rules.provisional === false && answer;
    });
    expect(body).toMatchObject({ rules: { version: 1 }, nodes: { live: 1 } });
    await service.stop();
    await redis.stop();
  });
});
