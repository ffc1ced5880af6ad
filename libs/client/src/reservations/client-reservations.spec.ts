import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MisbehavingServers, type ServerSpec } from '../../../../clients/misbehaving-server.mjs';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { QuotaClient, type QuotaClientOptions } from '../index.js';

const REQUEST = { resource: 'llm', subject: { user: 'u1' }, amounts: { tokens: 100 } };
const AWAY: ServerSpec = [{ status: 503, body: { problem: 'shutting-down' } }];
const WELL: ServerSpec = [{}];

let servers: MisbehavingServers;
let client: QuotaClient;

async function start(spec: ServerSpec, options: Partial<QuotaClientOptions> = {}): Promise<void> {
  servers = await MisbehavingServers.start([spec]);
  client = made(options);
}

/** None of its servers is silent: a busy machine has time to answer. */
const DEADLINE_MS = 2_000;

function made(options: Partial<QuotaClientOptions> = {}): QuotaClient {
  return new QuotaClient({
    url: `http://${servers.origins[0]}`,
    retries: 0,
    deadlineMs: DEADLINE_MS,
    ...options,
  });
}

afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  await servers.stop();
});

async function reserved(options: object = {}): Promise<string> {
  const { reservation } = await client.reserve({ ...REQUEST, operationId: 'op', ...options });
  return reservation?.id ?? '';
}

describe('a reservation of the service', () => {
  it('is asked for, extended, ended and looked at by its paths', async () => {
    await start(WELL);
    const id = await reserved();
    await client.extend(id, { amounts: { tokens: 200 } });
    await expect(client.commit(id, { amounts: { tokens: 150 } })).resolves.toMatchObject({ degraded: null });
    await client.release(id, { reason: 'no answer' });
    await expect(client.reservation('r-op')).resolves.toMatchObject({ reservation: { id: 'r-op' } });
    expect(servers.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /reservations',
      'POST /reservations/r-op/extend',
      'POST /reservations/r-op/commit',
      'POST /reservations/r-op/release',
      'GET /reservations/r-op',
    ]);
    expect(servers.requests[2]?.body).toEqual({ amounts: { tokens: 150 } });
  });

  it('is ended also while the service is away: the ending is answered now and repeated by flush', async () => {
    await start(WELL);
    const id = await reserved();
    servers.behave(0, [{ do: 'close' }]);
    const answer = await client.commit(id, { amount: 1, amounts: { tokens: 150 } });
    expect(answer).toMatchObject({
      degraded: { cause: 'unreachable' },
      reservation: {
        id,
        operationId: 'op',
        state: 'committed',
        committed: { units: 1, tokens: 150 },
        overage: { tokens: 50 },
      },
    });
    servers.behave(0, [{}]);
    await expect(client.flush()).resolves.toEqual({ outcomes: { ended: 1 }, pending: 0 });
    expect(servers.requests.at(-1)).toMatchObject({
      path: '/reservations/r-op/commit',
      body: { amount: 1, amounts: { tokens: 150 } },
    });
    expect(servers.reports).toEqual([]);
  });

  it('that another process made is ended too: only its id is known', async () => {
    await start(AWAY);
    const { reservation } = await client.release('theirs');
    expect(reservation).toMatchObject({ id: 'theirs', state: 'released', operationId: '' });
  });

  it('that has ended otherwise is an error of the caller', async () => {
    await start([{ status: 409, body: { problem: 'reservation-ended', state: 'released' } }]);
    await expect(client.commit('r')).rejects.toMatchObject({
      code: 'reservation-ended',
      status: 409,
      members: { state: 'released' },
    });
  });

  it('is not extended where the fallback denies', async () => {
    await start(WELL, { fallback: 'deny' });
    const id = await reserved();
    servers.behave(0, [{ do: 'close' }]);
    await expect(client.extend(id, { amounts: { tokens: 900 } })).resolves.toMatchObject({
      allowed: false,
      reservation: { id, amounts: { units: 1, tokens: 100 } },
    });
  });
});

describe('a reservation without a service', () => {
  it('is made by the client; its commit is reported with what was used', async () => {
    await start(AWAY);
    const decision = await client.reserve({ ...REQUEST, operationId: 'op', ttlMs: 5_000 });
    expect(decision).toMatchObject({
      allowed: true,
      reason: 'degraded',
      degraded: { cause: 'unreachable', policy: 'allow' },
      reservation: { operationId: 'op', resource: 'llm', state: 'held', amounts: { units: 1, tokens: 100 } },
    });
    const id = decision.reservation?.id ?? '';
    await client.extend(id, { amounts: { tokens: 200 } });
    await expect(client.flush()).resolves.toEqual({ outcomes: {}, pending: 0 });
    const answer = await client.commit(id, { amounts: { tokens: 230 } });
    expect(answer.reservation).toMatchObject({ state: 'committed', overage: { tokens: 30 } });
    await expect(client.commit(id)).resolves.toEqual(answer);
    await expect(client.release(id)).rejects.toMatchObject({ code: 'reservation-ended' });
    await client.flush();
    expect(servers.reports).toEqual([
      expect.objectContaining({ operationId: 'op', allowed: true, amount: 1, amounts: { tokens: 230 } }),
    ]);
  });

  it('is nothing when it is released', async () => {
    await start(AWAY);
    const id = await reserved();
    await expect(client.release(id)).resolves.toMatchObject({ reservation: { state: 'released' } });
    await expect(client.commit(id)).rejects.toMatchObject({ code: 'reservation-ended' });
    await client.flush();
    expect(servers.reports).toEqual([]);
  });

  it('is refused where the fallback denies, and so reported', async () => {
    await start(AWAY, { fallback: 'deny' });
    await expect(client.reserve({ ...REQUEST, operationId: 'op' })).resolves.toMatchObject({
      allowed: false,
      reservation: null,
    });
    await client.flush();
    expect(servers.reports).toEqual([expect.objectContaining({ operationId: 'op', allowed: false })]);
  });

  it('can be ended by another client, which knows it by its id', async () => {
    await start(AWAY);
    const id = await reserved();
    const other = made();
    await expect(other.commit(id)).resolves.toMatchObject({
      reservation: { state: 'committed', operationId: 'op' },
    });
    await other.close();
    expect(servers.reports).toHaveLength(1);
    await expect(client.commit('offline-000000000000-nonsense')).rejects.toMatchObject({
      code: 'reservation-not-found',
    });
  });

  it('that commits on expiry is reported when it has expired, also by the client after a crash', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory.path, 'journal.ndjson');
    await start(AWAY, { journal: { file } });
    await reserved({ operationId: 'kept', onExpiry: 'commit', ttlMs: 1_000 });
    const released = await reserved({ operationId: 'given back', onExpiry: 'commit', ttlMs: 1_000 });
    await client.release(released);
    await expect(client.close({ timeoutMs: 0 })).resolves.toMatchObject({ pending: 1 });
    client = made({ journal: { file } });
    await new Promise((later) => setTimeout(later, 1_100));
    await client.flush();
    expect(servers.reports.map(({ operationId }) => operationId)).toEqual(['kept']);
    await directory.remove();
  });

  it('that commits on expiry and is committed before is reported once, with what was used', async () => {
    await start(AWAY);
    const id = await reserved({ onExpiry: 'commit', ttlMs: 1_000 });
    await client.extend(id, { ttlMs: 1_000, amounts: { tokens: 120 } });
    await client.commit(id, { amounts: { tokens: 7 } });
    await new Promise((later) => setTimeout(later, 1_100));
    await expect(client.flush()).resolves.toMatchObject({ pending: 0 });
    expect(servers.reports).toEqual([expect.objectContaining({ amount: 1, amounts: { tokens: 7 } })]);
  });

  it('says how it stands, and when it was committed late', async () => {
    await start(AWAY);
    const id = await reserved({ ttlMs: 1_000 });
    await expect(client.reservation(id)).resolves.toMatchObject({ reservation: { state: 'held' } });
    await new Promise((later) => setTimeout(later, 1_050));
    await expect(client.reservation(id)).resolves.toMatchObject({ reservation: { state: 'expired' } });
    await expect(client.commit(id)).resolves.toMatchObject({
      reservation: { state: 'committed', late: true },
    });
  });

  it.each([
    [{ ttlMs: 999 }, 'ttlMs'],
    [{ ttlMs: 86_400_001 }, 'ttlMs'],
    [{ onExpiry: 'keep' }, 'onExpiry'],
    [{ amounts: { tokens: -1 } }, 'amounts.tokens'],
  ])('is refused for bad input as the service refuses it: %j', async (options, path) => {
    await start(AWAY);
    const answer = client.reserve({ ...REQUEST, ...options } as never);
    await expect(answer).rejects.toMatchObject({ code: 'invalid-request', errors: [{ path }] });
  });
});
