import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { aRule } from '../contract/rules.js';
import { eventually } from '../support/eventually.js';
import { NotificationReceiver } from '../support/notification-receiver.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const USERS = Array.from({ length: 12 }, (_, index) => `u${index}`);
/** A claim of a killed node lasts 15 s. */
const LIMIT_MS = 90_000;

let [postgres, redis] = [undefined as PostgresProcess | undefined, undefined as RedisProcess | undefined];
let nodes: ServiceProcess[] = [];
let receiver: NotificationReceiver;
let answer: (response: ServerResponse) => void;
/** What was answered with 2xx, in its order. */
let acknowledged: string[];

beforeEach(async () => {
  acknowledged = [];
  receiver = await NotificationReceiver.start((response) => {
    const { body } = receiver.notifications.at(-1)!;
    if (!isDown) acknowledged.push(String(body.id));
    answer(response);
  });
  [postgres, redis] = await Promise.all([PostgresProcess.start(), RedisProcess.start()]);
  const env = {
    REDIS_URL: redis.url,
    SUNDIAL_LEDGER_URL: postgres.url,
    SUNDIAL_WEBHOOK_ALLOW: '127.0.0.1/32',
    SUNDIAL_DEADLINE_MS: '2000',
    SUNDIAL_LAME_DUCK_MS: '0',
  };
  nodes = await Promise.all(
    [1, 2, 3].map((node) =>
      ServiceProcess.start({ env: { ...env, SUNDIAL_NODE_NAME: `node-${node}` }, startLimitMs: 60_000 }),
    ),
  );
}, LIMIT_MS);
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  receiver.stop();
  await Promise.all([postgres?.stop(), redis?.stop()]);
}, LIMIT_MS);

let isDown = true;
const setDown = (down: boolean) => {
  isDown = down;
  answer = (response) => response.writeHead(down ? 503 : 204).end();
};

describe('webhooks of many nodes', () => {
  it(
    'deliver every event, of two nodes that cross at once one, in order of each subject, although nodes are killed',
    async () => {
      setDown(true);
      const limits = [{ window: 'day', max: 10, thresholds: [0.5, 0.8, 1] }] as const;
      const [first, second, killed] = nodes as [ServiceProcess, ServiceProcess, ServiceProcess];
      await first.fetchJson('POST', '/admin/rules', aRule({ id: 'pages', resource: 'pages', limits }));
      const made = await first.fetchJson('POST', '/admin/webhooks', { url: receiver.url });
      expect(made.status).toBe(201);
      const check = (node: ServiceProcess, user: string, amount: number) =>
        node.fetchJson('POST', '/check', { resource: 'pages', subject: { user }, amount });
      const events = async (node: ServiceProcess) =>
        (await node.fetchJson('GET', '/admin/events?limit=1000&types=threshold')).body
          .events as CrossedEvent[];
      // All nodes see each crossing, at once.
      for (const amount of [5, 3, 2]) {
        for (const user of USERS) {
          await check(first, user, amount);
          await Promise.all(nodes.map((node) => check(node, user, 0)));
        }
        if (amount === 3) await eventually(() => receiver.notifications.length > 0, { withinMs: 20_000 });
      }
      await eventually(async () => (await events(second)).length === 3 * USERS.length, { withinMs: 20_000 });
      await killed.stop('SIGKILL');
      setDown(false);
      await eventually(() => acknowledged.length >= 3 * USERS.length, { withinMs: 60_000 });
      const kept = await events(second);
      expect(kept.map(({ id }) => id)).toEqual([...new Set(kept.map(({ id }) => id))]);
      expect(acknowledged.toSorted()).toEqual(kept.map(({ id }) => id).toSorted());
      const byId = new Map(kept.map((event) => [event.id, event]));
      for (const user of USERS) {
        const its = acknowledged.map((id) => byId.get(id)!).filter(({ data }) => data.subject.user === user);
        expect(its.map(({ data }) => data.threshold)).toEqual([0.5, 0.8, 1]);
      }
      await eventually(
        async () => {
          const path = `/admin/webhooks/${made.body.webhook.id}/deliveries?state=pending`;
          return (await first.fetchJson('GET', path)).body.deliveries.length === 0;
        },
        { withinMs: 20_000 },
      );
    },
    LIMIT_MS,
  );
});

interface CrossedEvent {
  readonly id: string;
  readonly data: { readonly threshold: number; readonly subject: { readonly user: string } };
}
