import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReservationAnswer, ReserveDecision } from '@sundial/contract';
import { QuotaClientError } from './answers/quota-client-error.js';
import { QuotaClient } from './quota-client.js';

const REQUEST = { resource: 'llm', subject: { user: 'u1' } };
const ANSWER: ReservationAnswer = {
  reservation: {
    id: 'WzEs-_9',
    operationId: 'op-1',
    ...REQUEST,
    state: 'committed',
    expiresAt: '2026-11-26T12:00:00Z',
    amounts: { units: 1, tokens: 500 },
    committed: { units: 1, tokens: 700 },
    overage: { tokens: 200 },
  },
  limits: [],
  degraded: null,
};
const DECISION: ReserveDecision = {
  allowed: true,
  reason: 'ok',
  operationId: 'op-1',
  replayed: false,
  wouldDeny: false,
  limits: [],
  degraded: null,
  rulesVersion: 3,
  reservation: { ...ANSWER.reservation, state: 'held' },
};
const { id } = ANSWER.reservation;

let server: Server;
let received: { method: string | undefined; url: string | undefined; body: unknown }[];
let answer: { status: number; body: unknown };
let client: QuotaClient;

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      received.push({ method: request.method, url: request.url, body });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  client = new QuotaClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/quota` });
});

afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

async function failure(call: Promise<unknown>): Promise<QuotaClientError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QuotaClientError);
  return error as QuotaClientError;
}

describe('a reserve', () => {
  it('goes out under an operation id, and its decision comes back', async () => {
    answer = { status: 200, body: DECISION };
    const reserve = { ...REQUEST, amounts: { tokens: 500 }, ttlMs: 5_000, onExpiry: 'commit' } as const;
    expect(await client.reserve({ ...reserve, operationId: 'op-1' })).toEqual(DECISION);
    await client.reserve(reserve);
    const [first, second] = received;
    expect(first).toEqual({
      method: 'POST',
      url: '/quota/reservations',
      body: { ...reserve, operationId: 'op-1' },
    });
    expect(second?.body).toEqual({ ...reserve, operationId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('that is refused is an answer', async () => {
    answer = { status: 200, body: { ...DECISION, allowed: false, reservation: null } };
    const reserve = { ...REQUEST, operationId: 'op-1' };
    await expect(client.reserve(reserve)).resolves.toMatchObject({
      allowed: false,
      reservation: null,
      degraded: null,
    });
  });

  it.each([
    ['a decision without one', { ...DECISION, reservation: undefined }],
    ['a reservation without id', { ...DECISION, reservation: { state: 'held' } }],
    ['a text in its place', { ...DECISION, reservation: 'yes' }],
  ])('is not answered with %s: the client makes one', async (_what, body) => {
    answer = { status: 200, body };
    const reserve = { ...REQUEST, operationId: 'op-1' };
    await expect(client.reserve(reserve)).resolves.toMatchObject({
      reason: 'degraded',
      reservation: { id: expect.stringMatching(/^offline-/), state: 'held' },
    });
  });
});

describe('an ending', () => {
  it.each([
    [
      'commit',
      () => client.commit(id, { amount: 1, amounts: { tokens: 700 } }),
      { amount: 1, amounts: { tokens: 700 } },
    ],
    ['commit', () => client.commit(id), {}],
    ['release', () => client.release(id, { reason: 'torn' }), { reason: 'torn' }],
    ['release', () => client.release(id), {}],
  ])('%s is a POST to its reservation', async (verb, end, body) => {
    answer = { status: 200, body: ANSWER };
    expect(await end()).toEqual(ANSWER);
    expect(received).toEqual([{ method: 'POST', url: `/quota/reservations/${id}/${verb}`, body }]);
  });

  it('that comes too late says how the reservation has ended', async () => {
    answer = { status: 409, body: { code: 'reservation-ended', status: 409, state: 'released' } };
    expect(await failure(client.commit(id))).toMatchObject({
      code: 'reservation-ended',
      status: 409,
      retryable: false,
      members: { state: 'released' },
    });
  });

  it.each([[''], ['..'], ['a/b'], ['a?b'], ['a%2fb'], ['a b'], [undefined], [null], ['x'.repeat(14_001)]])(
    'of what can be no id asks nothing: %j',
    async (other) => {
      const endings = [
        client.commit(other as string),
        client.release(other as string),
        client.extend(other as string, {}),
        client.reservation(other as string),
      ];
      for (const ending of endings)
        expect(await failure(ending)).toMatchObject({ code: 'reservation-not-found', retryable: false });
      expect(received).toEqual([]);
    },
  );

  it('is not answered with something else', async () => {
    answer = { status: 200, body: { limits: [], degraded: null } };
    await expect(client.release(id)).resolves.toMatchObject({ degraded: { cause: 'unreachable' } });
  });
});

describe('a reservation', () => {
  it('is extended, and looked at', async () => {
    answer = { status: 200, body: DECISION };
    expect(await client.extend(id, { ttlMs: 9_000 })).toEqual(DECISION);
    answer = { status: 200, body: ANSWER };
    expect(await client.reservation(id)).toEqual(ANSWER);
    expect(received).toEqual([
      { method: 'POST', url: `/quota/reservations/${id}/extend`, body: { ttlMs: 9_000 } },
      { method: 'GET', url: `/quota/reservations/${id}`, body: undefined },
    ]);
  });
});

describe('a refund and a return', () => {
  it('are sent as they are', async () => {
    const refund = { ...REQUEST, operationId: 'op-1', reason: 'torn' };
    answer = { status: 200, body: { refunded: true, amounts: { units: 1 } } };
    expect(await client.refund(refund)).toEqual(answer.body);
    const seat = { ...REQUEST, amount: 2, operationId: 'op-2' };
    answer = { status: 200, body: { returned: true, limits: [] } };
    expect(await client.returnUnits(seat)).toEqual(answer.body);
    expect(received).toEqual([
      { method: 'POST', url: '/quota/refunds', body: refund },
      { method: 'POST', url: '/quota/returns', body: seat },
    ]);
  });

  it('reject with what the service says', async () => {
    answer = { status: 409, body: { code: 'nothing-to-return', status: 409, title: 'No' } };
    const asked = client.returnUnits({ ...REQUEST, operationId: 'op-2' });
    expect(await failure(asked)).toMatchObject({ code: 'nothing-to-return', status: 409 });
    answer = { status: 200, body: { refunded: false } };
    expect(await failure(client.refund({ ...REQUEST, operationId: 'op-1' }))).toMatchObject({
      code: 'unexpected-answer',
    });
  });

  it('reject with its code where the service has trouble: repeating them is safe', async () => {
    answer = { status: 503, body: { code: 'store-unavailable', status: 503, title: 'No' } };
    const unavailable = client.returnUnits({ ...REQUEST, operationId: 'op-2' });
    expect(await failure(unavailable)).toMatchObject({ code: 'store-unavailable', retryable: true });
  });
});
