import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { QuotaError } from '@sundial/contract';
import { QuotaClient } from '@sundial/client';
import { FakeQuota, limitState } from '../../libs/nest/src/testing/index.js';
import { RunningService } from '../support/running-service.js';

/**
 * The HTTP face of reservations, over a quota that keeps them in memory: what is asked, what is answered, and how. What
 * reservations do to counters is said by the contract of all quotas.
 */
const LLM = { resource: 'llm', subject: { user: 'u1' } };
const DAY = {
  ...limitState({ rule: 'llm-per-user', max: 10, used: 4 }),
  startsAtMs: Date.parse('2026-11-18T00:00:00Z'),
  resetsAtMs: Date.parse('2026-11-19T00:00:00Z'),
};

let service: RunningService;
let quota: FakeQuota;
let own: Record<string, unknown>;
const VERBS = ['reserve', 'commit', 'release', 'extend', 'reservation', 'refund', 'returnUnits'] as const;

beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service.stop());
beforeEach(() => {
  quota = FakeQuota.counting({ units: 10, tokens: 1_000 }, { retryAfterMs: 1_500 });
  quota.limits = [DAY];
  own = Object.fromEntries(VERBS.map((verb) => [verb, quota[verb].bind(quota)]));
  Object.assign(service.engine, own);
});
afterEach(() => {
  for (const verb of VERBS) Reflect.deleteProperty(service.engine, verb);
});

const reserve = async (more: object = {}) =>
  (await service.api.post('/reservations').send({ ...LLM, ...more })).body.reservation as { id: string };
const end = (id: string, verb: string, body?: object) => {
  const asked = service.api.post(`/reservations/${id}/${verb}`);
  return body === undefined ? asked : asked.send(body);
};

describe('POST /reservations', () => {
  it('answers the decision of a check, and what is held', async () => {
    const { status, body, headers } = await service.api
      .post('/reservations')
      .send({ ...LLM, amounts: { tokens: 800 }, operationId: 'job-1', ttlMs: 5_000 });
    expect(status).toBe(200);
    const { startsAtMs: _, resetsAtMs: __, ...shown } = DAY;
    expect(body).toEqual({
      allowed: true,
      reason: 'ok',
      operationId: 'job-1',
      replayed: false,
      wouldDeny: false,
      limits: [shown],
      degraded: null,
      rulesVersion: 1,
      reservation: {
        id: expect.any(String),
        operationId: 'job-1',
        ...LLM,
        state: 'held',
        expiresAt: '2026-01-01T12:00:05.000Z',
        amounts: { tokens: 800, units: 1 },
      },
    });
    expect(headers['ratelimit-policy']).toContain('"llm-per-user-day');
    expect(headers['ratelimit']).toContain('r=6');
    expect(headers).not.toHaveProperty('retry-after');
  });

  it('is refused with 200, no reservation, and the time to wait', async () => {
    const { status, body, headers } = await service.api.post('/reservations').send({ ...LLM, amount: 11 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ allowed: false, reservation: null, retryAfterMs: 1_500 });
    expect(headers['retry-after']).toBe('2');
  });
});

describe('an ending', () => {
  it('needs no body: all is committed as held', async () => {
    const { id } = await reserve({ amounts: { tokens: 800 } });
    const { status, body } = await end(id, 'commit');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      reservation: { id, state: 'committed', committed: { units: 1, tokens: 800 } },
      limits: [{ rule: 'llm-per-user' }],
      degraded: null,
    });
  });

  it('says what was used, and by how much that is more', async () => {
    const { id } = await reserve({ amounts: { tokens: 800 } });
    const { body } = await end(id, 'commit', { amounts: { tokens: 900 } });
    expect(body.reservation).toMatchObject({ overage: { tokens: 100 } });
    expect(body.reservation).not.toHaveProperty('late');
  });

  it('may come after the expiry', async () => {
    const { id } = await reserve();
    quota.advance(60_000);
    expect((await service.api.get(`/reservations/${id}`)).body.reservation.state).toBe('expired');
    expect((await end(id, 'commit')).body.reservation).toMatchObject({ state: 'committed', late: true });
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
    const { id } = await reserve({ amounts: { tokens: 800 } });
    const longer = await end(id, 'extend', { ttlMs: 120_000 });
    expect(longer.body).toMatchObject({
      allowed: true,
      reservation: { id, expiresAt: '2026-01-01T12:02:00.000Z' },
    });
    const more = await end(id, 'extend', { amounts: { tokens: 1_200 } });
    expect(more.body).toMatchObject({ allowed: false, reservation: { id, amounts: { tokens: 800 } } });
    expect(more.headers['retry-after']).toBe('2');
  });
});

describe('giving back', () => {
  it('refunds an operation, once', async () => {
    const { id } = await reserve({ operationId: 'job-1' });
    const refund = { ...LLM, operationId: 'job-1', reason: 'the text was empty' };
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
    const seat = { ...LLM, operationId: 'left-1' };
    const { status, body } = await service.api.post('/returns').send(seat);
    expect({ status, returned: body.returned }).toEqual({ status: 200, returned: true });
    const all = await service.api.post('/returns').send({ ...seat, amount: 3, operationId: 'left-2' });
    expect(all.body).toMatchObject({ status: 409, code: 'nothing-to-return' });
  });

  it('waits for the store where it must: 503, to be repeated', async () => {
    const away = new QuotaError('store-unavailable', 'Redis does not answer.');
    service.engine.returnUnits = () => Promise.reject(away);
    const { status, body, headers } = await service.api
      .post('/returns')
      .send({ ...LLM, operationId: 'left-1' });
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'store-unavailable' });
    expect(headers['retry-after']).toBe('1');
  });
});

describe('QuotaClient', () => {
  it('reserves, extends, commits and gives back through the service', async () => {
    const client = new QuotaClient({ url: service.url });
    const { reservation } = await client.reserve({ ...LLM, operationId: 'job-1' });
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
    expect(await client.refund({ ...LLM, operationId: 'job-1' })).toEqual({
      refunded: true,
      amounts: { units: 2 },
    });
    await expect(client.commit('made-up')).rejects.toMatchObject({
      code: 'reservation-not-found',
      status: 404,
    });
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
