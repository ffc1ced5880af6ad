import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const WRITES = 200;
const RULE = { id: 'live', resource: 'live', per: ['user'], limits: [{ window: 'day', max: 1 }] };
const LOOK = { resource: 'live', subject: { user: 'u1' }, amount: 0 };

describe('three services on one Redis', () => {
  let redis: RedisProcess;
  let nodes: ServiceProcess[];
  beforeAll(async () => {
    redis = await RedisProcess.start();
    const env = { REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '5000', SUNDIAL_LAME_DUCK_MS: '0' };
    nodes = await Promise.all([1, 2, 3].map(() => ServiceProcess.start({ env })));
    expect((await nodes[0]!.fetchJson('POST', '/admin/rules', RULE)).status).toBe(201);
  }, 40_000);
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.stop();
  });

  it('all obey a rule as soon as the answer to its change is there, 200 times of 200', async () => {
    let obeyed = 0;
    for (let write = 0; write < WRITES; write++) {
      const max = 10 + write;
      const change = { limits: [{ window: 'day', max }] };
      const { body: written } = await nodes[write % 3]!.fetchJson('PATCH', '/admin/rules/live', change);
      expect(written.nodes).toEqual({ live: 3, applied: 3 });
      const answers = await Promise.all(nodes.map((node) => node.fetchJson('POST', '/check', LOOK)));
      if (answers.every(({ body }) => body.limits[0].max === max && body.rulesVersion === written.version))
        obeyed++;
    }
    expect(obeyed).toBe(WRITES);
  }, 60_000);

  it('answer a change within 2 s, and say who has not applied it, when one of them has died', async () => {
    await nodes[2]!.stop('SIGKILL');
    const change = { limits: [{ window: 'day', max: 7 }] };
    const { status, body } = await nodes[0]!.fetchJson('PATCH', '/admin/rules/live', change);
    expect([status, body.nodes]).toEqual([200, { live: 3, applied: 2 }]);
    const { body: look } = await nodes[1]!.fetchJson('POST', '/check', LOOK);
    expect(look.limits[0].max).toBe(7);
  });
});
