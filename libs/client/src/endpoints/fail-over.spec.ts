import dns from 'node:dns';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MisbehavingServers } from '../../../../clients/misbehaving-server.mjs';
import { QuotaClient, type QuotaClientEvents, type QuotaClientOptions } from '../index.js';

const REQUEST = { resource: 'ocr', subject: { user: 'u1' } };

/** For what is not about time: the first call of a process on a busy machine takes longer than a caller would wait. */
const UNHURRIED_MS = 5_000;

let servers: MisbehavingServers;
let client: QuotaClient;

async function start(
  specs: Parameters<typeof MisbehavingServers.start>[0],
  options: Partial<QuotaClientOptions> = {},
): Promise<void> {
  servers = await MisbehavingServers.start(specs);
  client = new QuotaClient({ endpoints: servers.origins.map((origin) => `http://${origin}`), ...options });
}

afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  await servers.stop();
});

function next<Name extends keyof QuotaClientEvents>(name: Name): Promise<QuotaClientEvents[Name]> {
  return new Promise((resolve) => {
    const end = client.on(name, (event) => {
      end();
      resolve(event);
    });
  });
}

describe('two endpoints', () => {
  it('go over to the backup after 3 failures in a row, and back when the main one is well', async () => {
    await start([[{ status: 500, body: { problem: 'internal-error' } }], [{}]], { deadlineMs: UNHURRIED_MS });
    const restored: unknown[] = [];
    client.on('endpointRestored', (event) => restored.push(event));
    const skipped = next('endpointSkipped');
    for (let n = 0; n < 3; n += 1)
      await expect(client.check(REQUEST)).resolves.toMatchObject({ reason: 'ok' });
    await expect(skipped).resolves.toMatchObject({ endpoint: `http://${servers.origins[0]}` });
    expect(servers.requests.map(({ server }) => server)).toEqual([0, 1, 0, 1, 0, 1]);
    await client.check(REQUEST);
    expect(servers.requests.at(-1)?.server).toBe(1);
    expect(servers.requests).toHaveLength(7);

    servers.behave(0, [{}]);
    if (restored.length === 0) await next('endpointRestored');
    await client.check(REQUEST);
    expect(servers.requests.at(-1)?.server).toBe(0);
  });

  it('go over at once again where the main one answers probes and fails calls', async () => {
    await start([[{ do: 'reset' }], [{}]]);
    for (let n = 0; n < 3; n += 1) await client.check(REQUEST);
    await next('endpointRestored');
    const seen = servers.requests.length;
    const skipped = next('endpointSkipped');
    await client.check(REQUEST);
    await skipped;
    expect(servers.requests.slice(seen).map(({ server }) => server)).toEqual([0, 1]);
  });

  it('reach a main one whose name has two addresses, one of them dead', async () => {
    await start([[{}]]);
    const { port } = new URL(`http://${servers.origins[0]}`);
    const named = new QuotaClient({ url: `http://localhost:${port}`, fallback: 'deny' });
    await expect(named.check(REQUEST)).resolves.toMatchObject({ allowed: true, degraded: null });
    await named.close();
  });
});

describe('one endpoint that is away', () => {
  it('costs callers no time once it is known, and none is asked but the probes', async () => {
    await start([[{ do: 'never' }]], { retries: 0 });
    await Promise.all([1, 2, 3].map(() => client.check(REQUEST)));
    await client.check(REQUEST);
    await client.check(REQUEST);
    await client.check(REQUEST);
    const startedAt = performance.now();
    const decision = await client.check(REQUEST);
    expect(decision).toMatchObject({ allowed: true, degraded: { cause: 'unreachable' } });
    expect(performance.now() - startedAt).toBeLessThan(220);
  });

  it('is asked again within a second of its return, and what was decided meanwhile is delivered', async () => {
    await start([[{ status: 503, body: { problem: 'shutting-down' } }]]);
    for (let n = 0; n < 5; n += 1) await client.check(REQUEST);
    servers.behave(0, [{}]);
    const startedAt = performance.now();
    let decision = await client.check(REQUEST);
    while (decision.degraded && performance.now() - startedAt < 3_000) {
      await new Promise((later) => setTimeout(later, 20));
      decision = await client.check(REQUEST);
    }
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    await client.flush();
    const allowed = [...client.affected()].length + 1;
    expect(servers.counted.size).toBe(allowed);
  });
});

describe('a resource whose calls alone fail', () => {
  /** A service that drops the connections of these resources, as a drill does. */
  function dropping(failing: ReadonlySet<string>): typeof fetch {
    return (_input, init) => {
      if (init?.body === undefined) return Promise.reject(new TypeError('fetch failed'));
      const { resource, operationId } = JSON.parse(String(init.body)) as Record<string, string>;
      if (failing.has(resource ?? '')) return Promise.reject(new TypeError('fetch failed'));
      return Promise.resolve(Response.json({ allowed: true, limits: [], operationId, degraded: null }));
    };
  }
  const check = async (resource: string) => (await client.check({ resource, subject: {} })).degraded;

  it('is alone skipped: those of others are asked and answered, until one of them fails too', async () => {
    const failing = new Set(['ocr']);
    await start([], { endpoints: ['http://sundial.invalid'], fetch: dropping(failing), retries: 0 });
    const skipped: unknown[] = [];
    client.on('endpointSkipped', ({ resource }) => skipped.push(resource));
    for (let n = 0; n < 4; n += 1) expect(await check('ocr')).not.toBeNull();
    expect(skipped).toEqual(['ocr']);
    expect([...client.affected()].map(({ cause }) => cause)).toContain('circuit-open');
    for (let n = 0; n < 4; n += 1) expect(await check('sms')).toBeNull();

    failing.add('sms');
    expect(await check('sms')).not.toBeNull();
    expect(skipped).toEqual(['ocr', null]);
    await check('llm');
    expect([...client.affected()].at(-1)?.cause).toBe('circuit-open');
  });
});

describe('an endpoint whose connections take longer than an attempt', () => {
  it('is connected by what is delivered aside, so that the calls after it are answered', async () => {
    await start([[{}]]);
    const real = dns.lookup as (...args: unknown[]) => void;
    const slow = (...args: unknown[]) => void setTimeout(() => real(...args), 150);
    jest.spyOn(dns, 'lookup').mockImplementation(slow as never);
    const { port } = new URL(`http://${servers.origins[0]}`);
    const named = new QuotaClient({ url: `http://localhost:${port}`, retries: 0 });
    await expect(named.check(REQUEST)).resolves.toMatchObject({ degraded: { cause: 'unreachable' } });
    await new Promise<void>((delivered) => named.on('delivered', () => delivered()));
    for (let n = 0; n < 3; n += 1) {
      // Until the answer before it has left the connection.
      await new Promise((later) => setTimeout(later, 50));
      await expect(named.check(REQUEST)).resolves.toMatchObject({ degraded: null });
    }
    await named.close();
    jest.restoreAllMocks();
  });
});
