import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { eventually } from '../support/eventually.js';
import { isAuthentic, NotificationReceiver } from '../support/notification-receiver.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService } from '../support/running-service.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const SECRET = 'a-secret-of-the-receiver';
const SHIPPED = new URL('../../config/alarms.yaml', import.meta.url);
/** How soon Redis is asked again is tested elsewhere; a busy machine must not make this test about it. */
const PATIENT = { withinMs: 10_000 };
const RESOURCES = Array.from({ length: 5 }, (_, index) => `resource-${index}`);

let redis: RedisProcess;
let directory: TemporaryDirectory;
let receiver: NotificationReceiver | undefined;
let service: RunningService | undefined;
beforeEach(async () => {
  [redis, directory] = await Promise.all([RedisProcess.start(), temporaryDirectory()]);
});
afterEach(async () => {
  redis.thaw();
  await service?.stop();
  receiver?.stop();
  await redis.stop();
  await directory.remove();
  [service, receiver] = [undefined, undefined];
});

/** The shipped patterns, quicker to be over; a rule that allows every check without the store; and many resources. */
async function startService(webhookUrl: string): Promise<RunningService> {
  const { patterns } = parse(await readFile(SHIPPED, 'utf8')) as { patterns: object[] };
  const alarms = join(directory.path, 'alarms.yaml');
  await writeFile(
    alarms,
    stringify({ patterns: patterns.map((pattern) => ({ ...pattern, clearAfterMs: 300 })) }),
  );
  const limits = [{ window: 'day', max: 3 }];
  const rules = join(directory.path, 'rules.yaml');
  await writeFile(
    rules,
    stringify({
      rules: [
        { id: 'promo', resource: 'promo', per: ['user'], limits, degrade: 'allow' },
        ...RESOURCES.map((resource) => ({ id: resource, resource, per: ['user'], limits })),
      ],
    }),
  );
  service = await RunningService.start({
    REDIS_URL: redis.url,
    SUNDIAL_DEADLINE_MS: '50',
    SUNDIAL_RULES_FILE: rules,
    SUNDIAL_ALARMS_FILE: alarms,
    SUNDIAL_ALARM_WEBHOOK_URL: webhookUrl,
    SUNDIAL_ALARM_WEBHOOK_SECRET: SECRET,
  });
  return service;
}

async function check(resource: string, amount = 1) {
  const response = await fetch(`http://127.0.0.1:${service!.port}/check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resource, subject: { user: 'u1' }, amount }),
  });
  const body = (await response.json()) as { readonly degraded: object | null };
  return { status: response.status, body };
}

const alarms = async () => (await service!.api.get('/admin/alarms').expect(200)).body;
const metric = async (series: string) => {
  const { text } = await service!.api.get('/metrics');
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length),
  );
};

describe('a frozen Redis', () => {
  it('raises alarms within a second, by every way, and clears them when it is thawed', async () => {
    receiver = await NotificationReceiver.start();
    const { notifications } = receiver;
    const reported = (event: string, pattern: string) =>
      notifications.filter(({ body }) => body.event === event && body.alarm.pattern === pattern);
    await startService(receiver.url);
    expect(await alarms()).toEqual({ active: [], over: [] });
    expect(await metric('sundial_alarm_active{pattern="channel-down"}')).toBe(0);
    for (let count = 0; count < 3; count++) await check('promo');

    redis.freeze();
    const frozenAt = performance.now();
    let failures = 0;
    let twelfthAt = Infinity;
    while (reported('raised', 'channel-down').length === 0 && performance.now() < frozenAt + 5_000) {
      const { body } = await check('promo');
      if (body.degraded && ++failures === 12) twelfthAt = performance.now();
    }
    expect(reported('raised', 'channel-down')[0]!.at - twelfthAt).toBeLessThan(1_000);
    expect(reported('raised', 'store-away')[0]!.at - frozenAt).toBeLessThan(1_000);

    const { active } = await alarms();
    expect(active).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          pattern: 'channel-down',
          class: 'alarm',
          channel: { resource: 'promo', dependency: 'redis' },
          summary: '12 failures in a row within 60 s: promo on redis',
          evidence: { failures: 12, spanMs: expect.any(Number) },
          clearedAt: null,
        }),
        expect.objectContaining({ pattern: 'store-away', channel: null, clearedAt: null }),
      ]),
    );
    expect(await metric('sundial_alarm_active{pattern="channel-down"}')).toBe(1);
    expect(await metric('sundial_alarms_total{pattern="channel-down",class="alarm"}')).toBe(1);

    redis.thaw();
    await eventually(async () => {
      await check('promo', 0);
      expect(reported('cleared', 'channel-down')).toHaveLength(1);
      expect(reported('cleared', 'store-away')).toHaveLength(1);
      return true;
    }, PATIENT);
    const { over } = await alarms();
    expect(over.map(({ pattern }: { pattern: string }) => pattern)).toEqual(
      expect.arrayContaining(['channel-down', 'store-away']),
    );

    // What was allowed meanwhile has been settled with the store.
    await eventually(() => {
      const [notification] = reported('raised', 'over-admitted');
      expect(notification?.body.alarm.class).toBe('attention');
      expect(notification?.body.alarm.evidence).toMatchObject({ rule: 'promo', window: 'day', max: 3 });
      return true;
    }, PATIENT);

    for (const notification of notifications) {
      expect(isAuthentic(notification, SECRET)).toBe(true);
      const { event, alarm } = notification.body;
      const twins = notifications.filter(
        (other) => other.body.alarm.id === alarm.id && other.body.event === event,
      );
      expect(twins).toHaveLength(1);
    }
    expect(reported('raised', 'channel-down')[0]!.body.alarm.id).toBe(
      reported('cleared', 'channel-down')[0]!.body.alarm.id,
    );
    expect(reported('raised', 'clocks-apart')).toEqual([]);
    expect(await metric('sundial_alarm_notifications_total{outcome="delivered"}')).toBeGreaterThanOrEqual(5);
  });
});

describe.each(['down', 'hanging'])('a receiver that is %s', (state) => {
  it('delays no check, and not the end of the service', async () => {
    receiver = await NotificationReceiver.start(() => undefined);
    await startService(state === 'down' ? 'http://127.0.0.1:1/' : receiver.url);
    await check(RESOURCES[0]!);
    redis.freeze();
    // Five channels go down, so that notifications pile up behind the one that cannot be delivered.
    let slowestMs = 0;
    const askFor = async (resource: string) => {
      for (let failures = 0; failures < 15;) {
        const askedAt = performance.now();
        const { status, body } = await check(resource);
        slowestMs = Math.max(slowestMs, performance.now() - askedAt);
        expect(status).toBe(200);
        if (body.degraded) failures += 1;
      }
    };
    await Promise.all(RESOURCES.map(askFor));
    // A check that waited for it would take as long as an attempt may: three seconds.
    expect(slowestMs).toBeLessThan(1_000);

    expect((await alarms()).active.length).toBeGreaterThan(RESOURCES.length);
    expect(await metric('sundial_alarm_notifications_waiting')).toBeGreaterThanOrEqual(RESOURCES.length);
    expect(await metric('sundial_alarm_notifications_total{outcome="delivered"}')).toBe(0);

    const stoppedAt = performance.now();
    redis.thaw();
    await service?.stop();
    service = undefined;
    expect(performance.now() - stoppedAt).toBeLessThan(2_500);
  });
});
