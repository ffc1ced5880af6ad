import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { RedisProcess } from '../support/redis-process.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { RunningService } from '../support/running-service.js';
import { runFailover } from './harness/failover.js';
import { EngineSite } from './harness/engine-site.js';
import { expectInvariants } from './harness/expect-invariants.js';

describe('An engine and a service on a Sentinel group', () => {
  let group: RedisSentinel;
  let service: RunningService;
  let site: EngineSite;
  let master: RedisProcess;
  beforeAll(async () => {
    group = await RedisSentinel.start();
    service = await RunningService.start({
      REDIS_SENTINELS: group.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
      REDIS_SENTINEL_NAME: group.target.name,
    });
  }, 30_000);
  afterAll(async () => {
    await service.stop();
    await group.stop();
  });
  beforeEach(async () => {
    await group.whole();
    master = await group.master();
    await master.cli('FLUSHALL');
    site = await EngineSite.start(group.target);
  });
  afterEach(() => site.stop());

  /** No client is left on the former master, where every write would be READONLY, or lost. */
  async function expectDesertion(): Promise<void> {
    const clients = String(await master.cli('CLIENT', 'LIST')).split('\n');
    expect(clients.filter((client) => client.includes('name=sundial'))).toEqual([]);
  }

  async function expectServiceToFollow(): Promise<void> {
    await eventually(() => expectDesertion().then(() => true));
    const { body } = await service.api.post('/check').send({ resource: 'ocr', subject: { user: 'u1' } });
    expect(body.degraded).toBeNull();
    const limits = [{ window: 'day', max: 1_000 + Math.floor(performance.now()) }];
    expect((await service.api.patch('/admin/rules/ocr-per-user').send({ limits })).status).toBe(200);
  }

  it.each([
    { how: 'is demoted by command', inject: () => group.failOver(), heal: () => undefined },
    { how: 'is killed', inject: () => master.kill(), heal: () => master.restart() },
    {
      how: 'freezes with a sentinel',
      inject: () => [master, group.sentinels[0]!].forEach((server) => server.freeze()),
      heal: () => [master, group.sentinels[0]!].forEach((server) => server.thaw()),
    },
    {
      how: 'is lost to the sentinels only, and goes on taking writes',
      inject: () => group.hide(master),
      heal: async () => {
        await expectDesertion();
        await group.reveal(master);
      },
    },
  ])(
    'keep every invariant when the master $how, and follow the new one within 2 s',
    async ({ inject, heal }) => {
      const promoted = () => group.masterAfter(master);
      const { experiment, replayedOperations } = await runFailover(site, { inject, promoted, heal });
      await expectInvariants(experiment, site, { replayedOperations });
      await expectServiceToFollow();
    },
    40_000,
  );
});
