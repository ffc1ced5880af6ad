import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Decision, QuotaClient } from '@sundial/client';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const RULE = { id: 'calls', resource: 'calls', per: ['user'], limits: [{ window: 'year', max: 1_000_000 }] };
const USERS = 10;
const TOGETHER = 5;
const PAUSE_MS = 10;

describe('a program that asks two nodes, one of which is killed (kill -9) under load', () => {
  let redis: RedisProcess;
  let nodes: ServiceProcess[];
  let client: QuotaClient;

  beforeAll(async () => {
    redis = await RedisProcess.start();
    // A busy machine must not make this about the service's own degradation.
    const env = { REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '1000', SUNDIAL_LAME_DUCK_MS: '0' };
    nodes = await Promise.all([ServiceProcess.start({ env }), ServiceProcess.start({ env })]);
    await nodes[0]!.fetchJson('POST', '/admin/rules', RULE);
    client = new QuotaClient({ endpoints: nodes.map(({ url }) => url), deadlineMs: 2_000, fallback: 'deny' });
  });
  afterAll(async () => {
    await client.close({ timeoutMs: 0 });
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    await redis.stop();
  });

  /** What was decided until `isOver`, about 500 checks a second. */
  async function load(isOver: () => boolean): Promise<Decision[]> {
    const decisions: Promise<Decision>[] = [];
    for (let n = 0; !isOver(); n += TOGETHER) {
      for (let index = n; index < n + TOGETHER; index += 1) {
        decisions.push(client.check({ resource: 'calls', subject: { user: `u${index % USERS}` } }));
      }
      await sleep(PAUSE_MS);
    }
    return Promise.all(decisions);
  }

  it('is answered by the other one, each call, and the counters equal what was allowed', async () => {
    let isOver = false;
    const skipped: string[] = [];
    client.on('endpointSkipped', ({ endpoint }) => skipped.push(endpoint));
    const loading = load(() => isOver);
    await sleep(700);
    await nodes[0]!.stop('SIGKILL');
    await sleep(1_500);
    isOver = true;
    const decisions = await loading;

    expect(decisions.length).toBeGreaterThan(200);
    expect(decisions.filter(({ degraded }) => degraded)).toEqual([]);
    expect(skipped).toEqual([nodes[0]!.url]);
    const used = await Promise.all(
      Array.from({ length: USERS }, async (_, index) => {
        const { limits } = await client.usage({ resource: 'calls', subject: { user: `u${index}` } });
        return limits[0]?.used ?? 0;
      }),
    );
    const allowed = decisions.filter((decision) => decision.allowed).length;
    expect(used.reduce((sum, each) => sum + each, 0)).toBe(allowed);
  });
});
