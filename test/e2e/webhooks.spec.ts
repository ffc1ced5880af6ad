import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { aRule } from '../contract/rules.js';
import { eventually } from '../support/eventually.js';
import { isAuthentic, NotificationReceiver } from '../support/notification-receiver.js';
import { RunningService } from '../support/running-service.js';

/** A busy machine must not make these tests about its speed. */
const SOON = { withinMs: 15_000 };
let service: RunningService;
let receiver: NotificationReceiver;
let answer: (response: ServerResponse) => void;
let user = 0;

beforeAll(async () => {
  receiver = await NotificationReceiver.start((response) => answer(response));
  service = await RunningService.start({ SUNDIAL_LEDGER: 'on', SUNDIAL_WEBHOOK_ALLOW: '127.0.0.1' });
  const limits = [{ window: 'day', max: 10, thresholds: [0.8, 1] }] as const;
  await service.api
    .post('/admin/rules')
    .send(aRule({ id: 'pages', resource: 'pages', limits }))
    .expect(201);
});
afterAll(async () => {
  await service.stop();
  receiver.stop();
});
beforeEach(async () => {
  answer = (response) => response.writeHead(204).end();
  receiver.notifications.length = 0;
  user++;
  const { body } = await service.api.get('/admin/webhooks').expect(200);
  for (const { id } of body.webhooks) await service.api.delete(`/admin/webhooks/${id}`).expect(200);
});

const subject = () => ({ user: `u${user}` });
const check = (amount: number) => service.engine.check({ resource: 'pages', subject: subject(), amount });
const create = async (of: object = {}) => {
  const { body } = await service.api
    .post('/admin/webhooks')
    .send({ url: receiver.url, ...of })
    .expect(201);
  return body as { webhook: { id: string }; secret: string };
};
const received = () =>
  receiver.notifications.map(({ body }) => `${body.type} ${body.data.threshold ?? ''}`.trim());
const deliveries = async (id: string) =>
  (await service.api.get(`/admin/webhooks/${id}/deliveries`).expect(200)).body.deliveries;

describe('a webhook', () => {
  it('gets a signed CloudEvent of each threshold, and of the first refusal, once and in order', async () => {
    const { secret, webhook } = await create();
    await check(8);
    await check(2);
    await check(1);
    await check(1);
    await eventually(() => receiver.notifications.length === 3, SOON);
    expect(received()).toEqual(['sundial.threshold 0.8', 'sundial.threshold 1', 'sundial.limit-reached']);
    const [first] = receiver.notifications;
    expect(isAuthentic(first!, secret)).toBe(true);
    expect(first!.headers).toMatchObject({
      'content-type': 'application/cloudevents+json',
      'sundial-event-id': first!.body.id,
    });
    expect(first!.body).toMatchObject({
      ...{ specversion: '1.0', subject: `pages?user=u${user}`, source: '/sundial' },
      data: {
        ...{ resource: 'pages', rule: 'pages', subject: subject(), window: 'day', meter: 'units' },
        ...{ threshold: 0.8, used: 8, max: 10, startsAt: '2026-11-18T00:00:00+08:00' },
      },
    });
    await eventually(
      async () =>
        (await deliveries(webhook.id)).every(({ state }: { state: string }) => state === 'delivered'),
      SOON,
    );
  });

  it('gets what passes its filter', async () => {
    await create({ filter: { types: ['limit-reached'], resource: 'pages' } });
    await create({ filter: { resource: 'other' } });
    await check(10);
    await check(1);
    await eventually(() => receiver.notifications.length === 1, SOON);
    expect(received()).toEqual(['sundial.limit-reached']);
  });

  it('gets commits and reports that reach a threshold', async () => {
    // What a report counts above max is alarmed, too.
    await create({ filter: { types: ['threshold'] } });
    const { reservation } = await service.engine.reserve({
      resource: 'pages',
      subject: subject(),
      amount: 1,
    });
    await service.engine.commit(reservation!.id, { amount: 8 });
    await eventually(() => receiver.notifications.length === 1, SOON);
    const report = {
      ...{
        operationId: `r${user}`,
        resource: 'pages',
        subject: subject(),
        amount: 4,
        policy: 'allow' as const,
      },
      ...{ decidedAt: new Date(service.engine.now()).toISOString(), allowed: true, attempted: false },
    } as const;
    await service.engine.report([report]);
    await eventually(() => receiver.notifications.length === 2, SOON);
    expect(received()).toEqual(['sundial.threshold 0.8', 'sundial.threshold 1']);
    expect(receiver.notifications[1]!.body.data).toMatchObject({ used: 12, max: 10, subject: subject() });
  });

  it('gets it again and again until it acknowledges it, those behind it after it, and others meanwhile', async () => {
    let failures = 2;
    answer = (response) => response.writeHead(failures-- > 0 ? 500 : 204).end();
    const { webhook } = await create();
    await check(10);
    await eventually(() => receiver.notifications.length === 4, SOON);
    expect(received()).toEqual([...Array<string>(3).fill('sundial.threshold 0.8'), 'sundial.threshold 1']);
    await eventually(async () => (await deliveries(webhook.id))[0].state === 'delivered', SOON);
    expect((await deliveries(webhook.id))[1]).toMatchObject({
      state: 'delivered',
      attempts: 3,
      lastStatus: 204,
    });
  });

  it('that is gone for good makes a dead letter, which can be sent again', async () => {
    answer = (response) => response.writeHead(410, { location: '/' }).end('a secret of the receiver');
    const { webhook } = await create();
    await check(8);
    const letters = async () => (await service.api.get('/admin/dead-letters').expect(200)).body.deliveries;
    await eventually(async () => (await letters()).length === 1, SOON);
    const [letter] = await letters();
    expect(letter).toMatchObject({
      webhookId: webhook.id,
      state: 'dead',
      lastStatus: 410,
      type: 'threshold',
    });
    answer = (response) => response.writeHead(200).end();
    await service.api.post(`/admin/dead-letters/${letter.id}/resend`).expect(200, { resent: true });
    await eventually(() => receiver.notifications.length === 2, SOON);
    await service.api.post(`/admin/dead-letters/${letter.id}/resend`).expect(404);
  });

  it('may get a body of its own, signed as any other', async () => {
    const template = {
      contentType: 'application/json',
      body: '{"text":"{{data.subject.user}}: {{data.used}}"}',
    };
    const { secret } = await create({ template });
    await check(8);
    await eventually(() => receiver.notifications.length === 1, SOON);
    expect(receiver.notifications[0]!.body).toEqual({ text: `u${user}: 8` });
    expect(isAuthentic(receiver.notifications[0]!, secret)).toBe(true);
  });

  it('gets the headers that it was set with, whose values are never shown or sent to another host', async () => {
    const token = 'Bearer a-token-of-the-receiver';
    const { webhook, secret } = await create({ headers: { authorization: token, 'x-team': 'ops' } });
    expect(webhook).toMatchObject({ headerNames: ['authorization', 'x-team'] });
    await check(8);
    await eventually(() => receiver.notifications.length === 1, SOON);
    const [sent] = receiver.notifications;
    expect(sent!.headers).toMatchObject({ authorization: token, 'x-team': 'ops' });
    expect(isAuthentic(sent!, secret)).toBe(true);
    const put = (body: object) => service.api.put(`/admin/webhooks/${webhook.id}`).send(body);
    const { body: kept, text } = await put({ url: `${receiver.url}?changed` }).expect(200);
    expect(kept.webhook.headerNames).toEqual(['authorization', 'x-team']);
    const elsewhere = await put({ url: 'http://127.0.0.1:9/' }).expect(400);
    expect(elsewhere.body.errors).toMatchObject([{ path: 'headers' }]);
    await put({ url: 'http://127.0.0.1:9/', headers: {} }).expect(200);
    const { body: audit } = await service.api.get('/admin/audit').expect(200);
    expect(text + JSON.stringify(audit)).not.toContain('a-token');
    expect(
      (await service.api.get('/admin/webhooks').expect(200)).body.webhooks[0].headerNames,
    ).toBeUndefined();
  });

  it('is tested by the same way, without a word of what it answers', async () => {
    answer = (response) => response.writeHead(418).end('a secret of the receiver');
    const { webhook } = await create();
    const { body, text } = await service.api.post(`/admin/webhooks/${webhook.id}/test`).expect(200);
    expect(body).toEqual({ delivered: false, status: 418 });
    expect(text).not.toContain('secret');
    expect(received()).toEqual(['sundial.test']);
  });

  it('is shown without its secret, changed as a whole, and gets a new secret on demand', async () => {
    const { webhook, secret } = await create({ description: 'first' });
    const shown = await service.api.get(`/admin/webhooks/${webhook.id}`).expect(200);
    expect(shown.text).not.toContain(secret);
    const changed = { url: receiver.url, rotateSecret: true, enabled: false };
    const { body } = await service.api.put(`/admin/webhooks/${webhook.id}`).send(changed).expect(200);
    expect(body.secret).not.toBe(secret);
    expect(body.webhook.description).toBeUndefined();
    await check(8);
    await eventually(async () =>
      (await service.api.get('/admin/events?limit=1000')).text.includes(`"pages?user=u${user}"`),
    );
    expect(await deliveries(webhook.id)).toEqual([]);
    const { body: audit } = await service.api.get('/admin/audit').expect(200);
    expect(JSON.stringify(audit)).not.toContain(secret);
    expect(JSON.stringify(audit)).toContain('webhook-changed');
  });

  it.each([
    [{ url: 'http://127.0.0.2/' }, 'url'],
    [{ url: 'https://169.254.169.254/latest' }, 'url'],
    [{ url: 'https://[::ffff:10.0.0.1]/' }, 'url'],
    [{ url: 'https://x.invalid', filter: { types: ['no'] } }, 'filter.types'],
  ])('is not %j', async (body, path) => {
    const answer = await service.api.post('/admin/webhooks').send(body).expect(400);
    expect(answer.body.errors).toMatchObject([{ path, code: expect.stringMatching(/^webhook-/) }]);
  });
});

describe('events for those that ask', () => {
  const events = async (query: string) => (await service.api.get(`/admin/events?${query}`).expect(200)).body;
  const end = async () => {
    let page = await events('limit=1000');
    while (page.events.length > 0) page = await events(`limit=1000&after=${page.next}`);
    return page.next as string;
  };

  it('come in order after a cursor, at once or when there are some', async () => {
    const start = await end();
    const asked = events(`after=${start}&wait=5`);
    await check(8);
    const { events: first, next } = await asked;
    expect(first.map(({ type }: { type: string }) => type)).toEqual(['sundial.threshold']);
    expect(await events(`after=${next}`)).toEqual({ events: [], next });
    await check(3);
    await eventually(
      async () => (await events(`after=${next}&types=limit-reached`)).events.length === 1,
      SOON,
    );
  });

  const importAll = (overrides: readonly object[]) =>
    service.api
      .post('/admin/overrides/import')
      .set('content-type', 'application/x-ndjson')
      .send(overrides.map((override) => JSON.stringify(override)).join('\n'))
      .expect(200);

  it('tell of gates, and of overrides that are over', async () => {
    const start = await end();
    await service.api.put('/admin/gates/pages').send({ gate: 'closed', reason: 'test' }).expect(200);
    await service.api.put('/admin/gates/pages').send({ gate: 'normal' }).expect(200);
    const validUntil = new Date(service.engine.now() + 1_500).toISOString();
    const override = { rule: 'pages', subject: subject(), limits: [{ window: 'day', set: 5 }], validUntil };
    await service.api.put('/admin/overrides').send(override).expect(200);
    const of = (name: string, more = {}) => ({ ...override, ...more, subject: { user: name } });
    await importAll([of('a'), of('b'), of('c')]);
    // The last of each subject counts.
    await importAll([of('b', { validUntil: undefined }), of('d', { validUntil: '2026-11-01T00:00:00Z' })]);
    const found = async () => (await events(`after=${start}&types=gate-changed,override-expired`)).events;
    await eventually(async () => (await found()).length === 5, SOON);
    expect(await found()).toMatchObject([
      { type: 'sundial.gate-changed', subject: 'gates/pages', data: { change: 'set', reason: 'test' } },
      { type: 'sundial.gate-changed', data: { change: 'removed' } },
      {
        type: 'sundial.override-expired',
        subject: `pages?user=u${user}`,
        data: { rule: 'pages', validUntil },
      },
      { type: 'sundial.override-expired', subject: 'pages?user=a', data: { limits: override.limits } },
      { type: 'sundial.override-expired', subject: 'pages?user=c' },
    ]);
  });

  it.each(['after=x', 'wait=11', 'wait=-1', 'limit=0', 'types=x', 'type=threshold'])(
    'are not asked for by %s',
    async (query) => {
      await service.api.get(`/admin/events?${query}`).expect(400);
    },
  );

  it('are in the ledger with their deliveries', async () => {
    await create();
    await check(8);
    await eventually(() => receiver.notifications.length === 1, SOON);
    const { body } = await service.api.get(`/admin/subjects/data?user=u${user}`).expect(200);
    expect(JSON.stringify(body)).toContain('"threshold"');
  });

  it('are given out with the data of a subject, and are gone with it, dead letters too', async () => {
    const start = await end();
    const { webhook } = await create();
    answer = (response) => response.writeHead(410).end();
    const validUntil = new Date(service.engine.now() + 3_600_000).toISOString();
    const override = { rule: 'pages', subject: subject(), limits: [{ window: 'day', set: 10 }], validUntil };
    await service.api.put('/admin/overrides').send(override).expect(200);
    await check(8);
    const isDead = async () =>
      (await deliveries(webhook.id)).some((one: { state: string }) => one.state === 'dead');
    await eventually(isDead, SOON);
    const data = `/admin/subjects/data?user=u${user}`;
    const outgoing = async () =>
      (await service.api.get(data).expect(200)).body.events.filter((one: object) => 'cloudEvent' in one);
    expect(await outgoing()).toMatchObject([
      {
        ...{ kind: 'delivery', outcome: 'kept', cloudEvent: { type: 'sundial.threshold' } },
        deliveries: [{ webhookId: webhook.id, state: 'dead' }],
      },
      { kind: 'delivery', outcome: 'due', cloudEvent: { type: 'sundial.override-expired' } },
    ]);
    const { body: page } = await service.api.get(`${data}&limit=1`).expect(200);
    expect(page.events).toHaveLength(1);
    const { body: gone } = await service.api.delete(data).expect(200);
    expect(gone.deleted).toMatchObject({ outgoingEvents: 1, deliveries: 1 });
    expect(await outgoing()).toEqual([]);
    expect(await deliveries(webhook.id)).toEqual([]);
    const { body: letters } = await service.api.get('/admin/dead-letters').expect(200);
    expect(JSON.stringify(letters)).not.toContain(webhook.id);
    expect((await events(`after=${start}`)).events).toEqual([]);
  });
});
