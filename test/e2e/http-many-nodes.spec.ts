import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LiveFrame } from '../../apps/quota-service/src/live/live-frame.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const RULE = {
  id: 'shared',
  resource: 'shared',
  per: ['user'],
  limits: [
    { window: 'year', max: 100 },
    { window: 'month', max: 30 },
  ],
};
const CHECKS = 1_000;

describe('two nodes on one Redis', () => {
  let redis: RedisProcess;
  let nodes: ServiceProcess[];
  beforeAll(async () => {
    redis = await RedisProcess.start();
    // A thousand checks at once on a small machine may take longer than 50 ms: this is about counts, not about time.
    const env = { REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '5000', SUNDIAL_LAME_DUCK_MS: '0' };
    nodes = await Promise.all([ServiceProcess.start({ env }), ServiceProcess.start({ env })]);
    const { status } = await nodes[0]!.fetchJson('POST', '/admin/rules', RULE);
    expect(status).toBe(201);
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.stop();
  });

  const node = (index: number) => nodes[index % nodes.length]!;

  it('allow exactly the limit of a thousand concurrent checks, and count both windows alike', async () => {
    const body = { resource: 'shared', subject: { user: 'u1' } };
    const answers = await Promise.all(
      Array.from({ length: CHECKS }, (_, index) => node(index).fetchJson('POST', '/check', body)),
    );
    expect(answers.filter(({ body: { degraded } }) => degraded)).toEqual([]);
    expect(answers.filter(({ body: { allowed } }) => allowed)).toHaveLength(30);
    for (const index of [0, 1]) {
      const { body: usage } = await node(index).fetchJson('GET', '/usage?resource=shared&user=u1');
      expect(usage.limits).toMatchObject([
        { window: 'year', used: 30 },
        { window: 'month', used: 30 },
      ]);
    }
  });

  it('count an operation once, whichever of them it reaches', async () => {
    const body = { resource: 'shared', subject: { user: 'u2' }, operationId: 'one-of-many' };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => node(index).fetchJson('POST', '/check', body)),
    );
    expect(answers.filter(({ body: { replayed } }) => !replayed)).toHaveLength(1);
    const { body: usage } = await node(1).fetchJson('GET', '/usage?resource=shared&user=u2');
    expect(usage.limits).toMatchObject([{ used: 1 }, { used: 1 }]);
  });

  it('show each other on any of them: name, version, rules and load', async () => {
    const [a, b] = await Promise.all(nodes.map(({ url }) => EventStream.open(`${url}/admin/live`)));
    const seenBy = (stream: EventStream) =>
      eventually(() => {
        const { data } = stream.events.at(-1)! as { data: LiveFrame };
        return data.nodes.length === 2 && data.nodes.every(({ report }) => report?.perSecond) && data;
      });
    const [ofA, ofB] = await Promise.all([seenBy(a!), seenBy(b!)]);
    for (const stream of [a, b]) stream!.close();
    expect(ofA.node).not.toBe(ofB.node);
    expect(ofA.nodes.map(({ id }) => id)).toEqual(ofB.nodes.map(({ id }) => id).reverse());
    for (const { rulesVersion, heardMsAgo, report } of ofA.nodes) {
      expect(rulesVersion).toBe(report!.rulesVersion);
      expect(heardMsAgo).toBeLessThan(3_000);
      expect(report).toMatchObject({ store: { kind: 'redis', mode: 'exact' }, version: expect.any(String) });
    }
    expect(ofA.nodesReadMsAgo).toBeLessThan(3_000);
  });
});
