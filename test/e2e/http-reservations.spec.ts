import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { QuotaClient } from '@sundial/client';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService, STARTED_AT, STORES } from '../support/running-service.js';

/** A stream of an LLM: calls and tokens a day, and seats. */
const RULE = {
  id: 'stream-per-user',
  resource: 'stream',
  per: ['user'],
  timeZone: 'UTC',
  limits: [
    { window: 'day', max: 10 },
    { window: 'day', meter: 'tokens', max: 1_000 },
    { window: 'total', max: 100 },
  ],
};
const DAY = { startsAt: '2026-11-18T00:00:00+00:00', resetsAt: '2026-11-19T00:00:00+00:00' };
const TO_MIDNIGHT_S = (Date.parse(DAY.resetsAt) - Date.parse(STARTED_AT)) / 1_000;

/** The HTTP face of reservations: what is asked, what is answered, and how. What they do to counters is said by the contract of all quotas. */
describe.each(STORES)('reservations over HTTP, %s', (store) => {
  let service: RunningService;
  let users = 0;
  let stream: { resource: string; subject: { user: string } };
  beforeAll(async () => {
    service = await RunningService.start({}, store);
    await service.api.post('/admin/rules').send(RULE).expect(201);
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    users += 1;
    stream = { resource: 'stream', subject: { user: `u${users}` } };
  });

  const reserve = async (more: object = {}) =>
    (await service.api.post('/reservations').send({ ...stream, ...more })).body.reservation as {
      id: string;
      expiresAt: string;
    };
  const end = (id: string, verb: string, body?: object) => {
    const asked = service.api.post(`/reservations/${id}/${verb}`);
    return body === undefined ? asked : asked.send(body);
  };

  describe('POST /reservations', () => {
    it('answers the decision of a check, and what is held', async () => {
      const { status, body, headers } = await service.api
        .post('/reservations')
        .send({ ...stream, amounts: { tokens: 800 }, operationId: 'job-1', ttlMs: 5_000 });
      expect(status).toBe(200);
      const state = {
        rule: RULE.id,
        mode: 'enforce',
        timeZone: 'UTC',
        source: 'rule',
        exceeded: false,
        ...DAY,
      };
      expect(body).toMatchObject({
        limits: [
          { ...state, window: 'day', meter: 'units', max: 10, used: 0, reserved: 1, remaining: 9 },
          { ...state, window: 'day', meter: 'tokens', max: 1_000, used: 0, reserved: 800, remaining: 200 },
          { window: 'total', used: 0, reserved: 1, remaining: 99, startsAt: null, resetsAt: null },
        ],
      });
      expect(body).toEqual({
        allowed: true,
        reason: 'ok',
        operationId: 'job-1',
        replayed: false,
        wouldDeny: false,
        limits: expect.any(Array),
        degraded: null,
        rulesVersion: 2,
        reservation: {
          id: expect.any(String),
          operationId: 'job-1',
          ...stream,
          state: 'held',
          expiresAt: expect.stringMatching(/^2026-11-18T06:[^Z]*\+00:00$/),
          amounts: { tokens: 800, units: 1 },
        },
      });
      expect(headers['ratelimit-policy']).toContain('"stream-per-user-day');
      expect(headers['ratelimit']).toContain('r=9');
      expect(headers).not.toHaveProperty('retry-after');
    });

    it('is refused with 200, no reservation, and the time to wait', async () => {
      await reserve({ amount: 9 });
      const { status, body, headers } = await service.api
        .post('/reservations')
        .send({ ...stream, amount: 2 });
      expect(status).toBe(200);
      expect(body).toMatchObject({ allowed: false, reason: 'limit-reached', reservation: null });
      expect(Number(headers['retry-after'])).toBe(Math.ceil(body.retryAfterMs / 1_000));
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(TO_MIDNIGHT_S);
      expect(Number(headers['retry-after'])).toBeGreaterThan(TO_MIDNIGHT_S - 60);
    });
  });

  describe('an ending', () => {
    it('needs no body: all is committed as held', async () => {
      const { id } = await reserve({ amounts: { tokens: 800 } });
      const { status, body } = await end(id, 'commit');
      expect(status).toBe(200);
      expect(body).toMatchObject({
        reservation: { id, state: 'committed', committed: { units: 1, tokens: 800 } },
        limits: [
          { rule: RULE.id, window: 'day', used: 1, reserved: 0, ...DAY },
          { meter: 'tokens', used: 800, reserved: 0, ...DAY },
          { window: 'total', used: 1, reserved: 0 },
        ],
        degraded: null,
      });
    });

    it('says what was used, and by how much that is more', async () => {
      const { id } = await reserve({ amounts: { tokens: 800 } });
      const { body } = await end(id, 'commit', { amounts: { tokens: 1_100 } });
      expect(body.reservation).toMatchObject({ overage: { tokens: 300 } });
      expect(body.reservation).not.toHaveProperty('late');
      expect(body.limits[1]).toMatchObject({ meter: 'tokens', max: 1_000, used: 1_100, remaining: 0 });
    });

    it('may come after the expiry', async () => {
      const { id } = await reserve({ ttlMs: 1_000 });
      const state = async () =>
        (await service.api.get(`/reservations/${id}`)).body.reservation.state as string;
      expect(await state()).toBe('held');
      await eventually(async () => (await state()) === 'expired');
      const { body } = await end(id, 'commit');
      expect(body.reservation).toMatchObject({ state: 'committed', late: true });
      expect(body.limits[0]).toMatchObject({ used: 1, reserved: 0 });
    });

    it('may be repeated; the opposite one is a 409 that says how it ended', async () => {
      const { id } = await reserve();
      const first = await end(id, 'release', { reason: 'the provider timed out' });
      expect(first.body.reservation.state).toBe('released');
      expect((await end(id, 'release')).body).toEqual(first.body);
      const { status, body, headers } = await end(id, 'commit');
      expect(status).toBe(409);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(body).toEqual({
        type: 'urn:sundial:problem:reservation-ended',
        title: 'The reservation has ended otherwise',
        status: 409,
        detail: expect.stringContaining('released'),
        code: 'reservation-ended',
        state: 'released',
        requestId: expect.any(String),
      });
    });

    it('is preceded by extensions, which are decisions', async () => {
      const { id, expiresAt } = await reserve({ amounts: { tokens: 800 } });
      const longer = await end(id, 'extend', { ttlMs: 120_000 });
      expect(longer.body).toMatchObject({ allowed: true, reservation: { id, state: 'held' } });
      const extended = longer.body.reservation.expiresAt as string;
      expect(Date.parse(extended) - Date.parse(expiresAt)).toBeGreaterThanOrEqual(60_000);
      const more = await end(id, 'extend', { amounts: { tokens: 1_200 } });
      expect(more.body).toMatchObject({
        allowed: false,
        reservation: { id, amounts: { tokens: 800 }, expiresAt: extended },
      });
      const fits = await end(id, 'extend', { amounts: { tokens: 1_000 } });
      expect(fits.body).toMatchObject({
        allowed: true,
        reservation: { amounts: { units: 1, tokens: 1_000 } },
      });
      expect(fits.headers['ratelimit']).toContain('r=0');
    });

    it('of an id that was cut or made up is a 404', async () => {
      const { id } = await reserve();
      for (const other of [id.slice(0, -1), `${id}A`, 'made-up']) {
        const { status, body } = await end(other, 'commit');
        expect({ status, code: body.code }).toEqual({ status: 404, code: 'reservation-not-found' });
      }
      expect((await service.api.get(`/reservations/${id}`)).body.reservation.state).toBe('held');
    });
  });

  describe('giving back', () => {
    it('refunds an operation, once', async () => {
      const { id } = await reserve({ operationId: 'job-1' });
      const refund = { ...stream, operationId: 'job-1', reason: 'the text was empty' };
      const held = await service.api.post('/refunds').send(refund);
      expect(held.body).toMatchObject({ status: 409, code: 'reservation-held' });
      await end(id, 'commit', { amount: 2 });
      for (let repeated = 0; repeated < 2; repeated++) {
        const { status, body } = await service.api.post('/refunds').send(refund);
        expect({ status, body }).toEqual({ status: 200, body: { refunded: true, amounts: { units: 2 } } });
      }
      const unknown = await service.api.post('/refunds').send({ ...refund, operationId: 'other' });
      expect(unknown.body).toMatchObject({ status: 404, code: 'operation-not-found' });
    });

    it('returns units of a stock, as many as are used', async () => {
      await end((await reserve({ amount: 3 })).id, 'commit');
      const seat = { ...stream, operationId: 'left-1' };
      const { status, body } = await service.api.post('/returns').send(seat);
      expect({ status, returned: body.returned }).toEqual({ status: 200, returned: true });
      expect(body.limits).toMatchObject([{ window: 'total', used: 2 }]);
      const all = await service.api.post('/returns').send({ ...seat, amount: 3, operationId: 'left-2' });
      expect(all.body).toMatchObject({ status: 409, code: 'nothing-to-return' });
    });
  });

  describe('QuotaClient', () => {
    it('reserves, extends, commits and gives back through the service', async () => {
      const client = new QuotaClient({ url: service.url, deadlineMs: 5_000 });
      const { reservation } = await client.reserve({ ...stream, operationId: 'job-1' });
      const { id } = reservation!;
      expect((await client.extend(id, { amount: 2 })).reservation?.amounts).toEqual({ units: 2 });
      expect((await client.reservation(id)).reservation.state).toBe('held');
      expect((await client.commit(id)).reservation).toMatchObject({
        state: 'committed',
        committed: { units: 2 },
      });
      await expect(client.release(id)).rejects.toMatchObject({
        code: 'reservation-ended',
        members: { state: 'committed' },
      });
      expect(await client.refund({ ...stream, operationId: 'job-1' })).toEqual({
        refunded: true,
        amounts: { units: 2 },
      });
      await expect(client.commit('made-up')).rejects.toMatchObject({
        code: 'reservation-not-found',
        status: 404,
      });
      await client.close();
    });
  });

  describe('the documented examples', () => {
    it('are answered as documented, by every route', async () => {
      const { body: document } = await service.api.get('/openapi.json');
      const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
      ajv.addSchema(document as object, 'document');
      for (const [path, verb] of [
        ['/reservations', undefined],
        ['/reservations/{id}', undefined],
        ['/reservations/{id}/commit', 'commit'],
        ['/reservations/{id}/release', 'release'],
        ['/reservations/{id}/extend', 'extend'],
      ] as const) {
        const { post, get } = document.paths[path];
        const operation = post ?? get;
        const examples = operation.requestBody?.content['application/json'].examples ?? { none: {} };
        for (const { value } of Object.values(examples) as { value?: object }[]) {
          const id = path.includes('{id}') ? (await reserve()).id : '';
          const url = path.replace('{id}', id);
          const answer = await (post ? service.api.post(url).send(value) : service.api.get(url));
          expect({ verb, status: answer.status }).toEqual({ verb, status: 200 });
          const { $ref } = operation.responses[200].content['application/json'].schema;
          const validate = ajv.compile({ $ref: `document${$ref}` });
          expect({ valid: validate(answer.body), errors: validate.errors }).toEqual({
            valid: true,
            errors: null,
          });
        }
      }
    });
  });
});

describe('while the store is away', () => {
  it('a return is a 503, to be repeated', async () => {
    const redis = await RedisProcess.start();
    const service = await RunningService.start({ REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '50' });
    try {
      await service.api.post('/admin/rules').send(RULE).expect(201);
      await redis.kill();
      const { status, body, headers } = await service.api
        .post('/returns')
        .send({ resource: 'stream', subject: { user: 'u1' }, operationId: 'left-1' });
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'store-unavailable' });
      expect(headers['retry-after']).toBe('1');
    } finally {
      await service.stop();
      await redis.stop();
    }
  });
});
