import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MisbehavingServers, type ServerSpec } from '../../../../clients/misbehaving-server.mjs';
import { eventually } from '../../../../test/support/eventually.js';
import { QuotaClient, type QuotaClientOptions } from '../index.js';

const REQUEST = { resource: 'ocr', subject: { user: 'u1' } };
const AWAY: ServerSpec = [{ status: 503, body: { problem: 'shutting-down' } }];

let servers: MisbehavingServers;
let client: QuotaClient;

async function start(specs: ServerSpec[], options: Partial<QuotaClientOptions> = {}): Promise<void> {
  servers = await MisbehavingServers.start(specs);
  client = new QuotaClient({
    endpoints: servers.origins.map((origin) => `http://${origin}`),
    retries: 0,
    ...options,
  });
}

afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  await servers.stop();
});

describe('what was decided without a service', () => {
  it('is reported with all that the contract names, and nothing else', async () => {
    await start([AWAY], { fallback: { default: 'deny', ocr: 'allow' }, deadlineMs: 2_000 });
    await client.check({ ...REQUEST, amount: 2, amounts: { tokens: 5 }, operationId: 'a' });
    await client.check({ resource: 'sms', subject: {}, operationId: 'b' });
    await client.flush();
    const decidedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(servers.reports).toEqual([
      {
        operationId: 'a',
        resource: 'ocr',
        subject: { user: 'u1' },
        amount: 2,
        amounts: { tokens: 5 },
        decidedAt,
        allowed: true,
        policy: 'allow',
        attempted: true,
      },
      {
        operationId: 'b',
        resource: 'sms',
        subject: {},
        decidedAt,
        allowed: false,
        policy: 'deny',
        attempted: true,
      },
    ]);
  });

  it('is delivered aside, without a flush, when the service is back', async () => {
    await start([AWAY]);
    for (let n = 0; n < 3; n += 1) await client.check(REQUEST);
    servers.behave(0, [{}]);
    await eventually(() => servers.reports.length === 3);
    await eventually(() => [...client.affected()].every(({ outcome }) => outcome === 'counted'));
  });

  it('is delivered soon after a probe found the service well, however long it was away', async () => {
    // The longest pauses: half a second, one, two, four.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.999);
    let isAway = true;
    const network: typeof fetch = (input, init) =>
      isAway ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init);
    await start([[{}]], { fetch: network });
    for (let n = 0; n < 3; n += 1) await client.check(REQUEST);
    await new Promise((later) => setTimeout(later, 3_600));
    isAway = false;
    await eventually(() => servers.reports.length === 3, { withinMs: 2_500 });
    random.mockRestore();
  });

  it('is delivered in the time that flush has, or stays', async () => {
    await start(['refuses-connections']);
    for (let n = 0; n < 3; n += 1) await client.check(REQUEST);
    const startedAt = performance.now();
    await expect(client.flush({ timeoutMs: 120 })).resolves.toEqual({ outcomes: {}, pending: 3 });
    expect(performance.now() - startedAt).toBeLessThan(300);
  });

  it('is delivered by close, once, and no verb answers afterwards', async () => {
    await start([AWAY]);
    await client.check(REQUEST);
    const closed = client.close();
    await expect(client.close()).resolves.toBe(await closed);
    await expect(closed).resolves.toEqual({ outcomes: { counted: 1 }, pending: 0 });
    await expect(client.check(REQUEST)).rejects.toMatchObject({ code: 'client-closed' });
    expect(servers.reports).toHaveLength(1);
  });

  it('comes in portions, each operation once', async () => {
    await start([AWAY], { merge: false });
    const ids = Array.from({ length: 600 }, (_, n) => `op-${n}`);
    await Promise.all(ids.map((operationId) => client.check({ ...REQUEST, operationId })));
    await Promise.all([client.flush(), client.flush()]);
    expect(servers.reports.map(({ operationId }) => operationId).sort()).toEqual([...ids].sort());
  });

  it('goes on without a report that the service never takes, and says which', async () => {
    await start([AWAY], { fetch: refusing('bad') });
    const refused: unknown[] = [];
    client.on('deliveryRefused', (event) => refused.push(event));
    for (const operationId of ['a', 'bad', 'b', 'c']) await client.check({ ...REQUEST, operationId });
    await expect(client.flush()).resolves.toEqual({ outcomes: { counted: 3, refused: 1 }, pending: 0 });
    expect(refused).toEqual([expect.objectContaining({ operationId: 'bad', final: true })]);
    expect(servers.counted).toEqual(new Set(['a', 'b', 'c']));
  });

  it('stays where the service knows no reports yet', async () => {
    await start([AWAY], { fetch: refusing('', 404) });
    await client.check(REQUEST);
    await expect(client.flush({ timeoutMs: 100 })).resolves.toMatchObject({ pending: 1 });
  });

  it('is bad input where it is: refused as the service would, and not kept', async () => {
    await start([AWAY]);
    const bad = { resource: 'o c r', subject: { user: 5, Bad: 'x' }, amount: 1.5, amounts: { units: 1 } };
    await expect(client.check(bad as never)).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [
        { path: 'resource' },
        { path: 'subject.user' },
        { path: 'subject.Bad' },
        { path: 'amount' },
        { path: 'amounts.units' },
      ],
    });
    await expect(client.check(null as never)).rejects.toMatchObject({ code: 'invalid-request' });
    await expect(client.check({ ...REQUEST, amount: 1n as never })).rejects.toMatchObject({
      code: 'invalid-request',
    });
    expect([...client.affected()]).toEqual([]);
  });
});

/** A service that takes no reports in which this text stands. */
function refusing(text: string, status = 400): typeof fetch {
  return (input, init) => {
    const isRefused = String(input).endsWith('/reports') && String(init?.body).includes(`"${text}`);
    const problem = { code: 'invalid-request', title: 'No', status, detail: 'It is refused' };
    return isRefused ? Promise.resolve(Response.json(problem, { status })) : fetch(input, init);
  };
}
