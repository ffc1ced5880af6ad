import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { CertificateKind } from '../../../clients/certificates.mjs';
import { type Step, MisbehavingServers, type ServerSpec } from '../../../clients/misbehaving-server.mjs';
import { operationIds } from '../../../clients/service-answers.mjs';
import { type Decision, type FallbackContext, type FallbackPolicy, QuotaClient } from './index.js';

/** The table that clients of every language are tested by (clients/README.md). */
interface Behaviour {
  readonly name: string;
  readonly scheme?: 'http' | 'https';
  readonly certificate?: CertificateKind;
  readonly resolves?: Resolution;
  readonly verb?: 'check' | 'checkBatch' | 'reserve';
  readonly before?: number;
  readonly calls?: number;
  readonly servers: readonly ServerSpec[];
  readonly client?: Partial<ClientOptions>;
  readonly expect: {
    readonly outcome: 'decided' | 'degraded' | 'either' | 'error';
    readonly allowed?: boolean;
    readonly reason?: string;
    readonly onDeny?: string;
    readonly cause?: readonly string[];
    readonly status?: number;
    readonly code?: string;
    readonly attempted?: boolean;
    readonly requests: readonly [least: number, most: number];
  };
}
interface Resolution {
  readonly addresses: readonly string[];
  readonly afterMs?: number;
}
interface ClientOptions {
  readonly deadlineMs: number;
  readonly retries: number;
  readonly fallback: FallbackPolicy;
}

const TABLE = new URL('../../../clients/behaviours.json', import.meta.url);
const { defaults, behaviours } = JSON.parse(readFileSync(TABLE, 'utf8')) as {
  readonly defaults: { readonly client: ClientOptions };
  readonly behaviours: readonly Behaviour[];
};
/** What the contract allows beyond the deadline, and what other processes of a test machine take on top. */
const OWN_MS = 15;
const MACHINE_MS = 60;
const REQUEST = { resource: 'ocr', subject: { user: 'u1' } };
const NAME = 'sundial.test';

let servers: MisbehavingServers;
let client: QuotaClient;

afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  await servers.stop();
  jest.restoreAllMocks();
});

/** The client of a behaviour, and what its fallback function was given. */
async function start({
  scheme = 'http',
  certificate,
  resolves,
  ...behaviour
}: Behaviour): Promise<FallbackContext[]> {
  const { fallback: policy, ...options } = { ...defaults.client, ...behaviour.client };
  servers = await MisbehavingServers.start(behaviour.servers as ServerSpec[], certificate);
  const contexts: FallbackContext[] = [];
  const fallback = (context: FallbackContext) => {
    contexts.push(context);
    return policy;
  };
  if (resolves) resolve(NAME, resolves);
  const endpoints = servers.origins.map((origin) => {
    const port = origin.split(':')[1];
    return `${scheme}://${resolves ? `${NAME}:${port}` : origin}`;
  });
  const { authority } = servers;
  const ownFetch = authority !== null && certificate !== 'self-signed' && { fetch: trusting(authority) };
  client = new QuotaClient({ endpoints, fallback, ...options, ...ownFetch });
  return contexts;
}

/** As a name server answers. */
function resolve(name: string, { addresses, afterMs = 0 }: Resolution): void {
  const real = dns.lookup as (...args: unknown[]) => void;
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const fake = (host: string, options: { readonly all?: boolean }, done: (...args: unknown[]) => void) => {
    if (host !== name) return real(host, options, done);
    const [first] = found;
    setTimeout(() => (options.all ? done(null, found) : done(null, first?.address, first?.family)), afterMs);
  };
  jest.spyOn(dns, 'lookup').mockImplementation(fake as never);
}

/** A program's own `fetch`: the global one trusts the authorities of its process (NODE_EXTRA_CA_CERTS). */
function trusting(ca: string): typeof fetch {
  const agent = new Agent({ ca });
  return (input, init) =>
    new Promise((resolve, reject) => {
      const { method = 'GET', headers, body, signal } = init ?? {};
      const options = {
        agent,
        method,
        headers: headers as Record<string, string>,
        ...(signal && { signal }),
      };
      const asked = httpsRequest(String(input), options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
        answer.on('end', () =>
          resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0 })),
        );
      });
      asked.on('error', reject).end(body);
    });
}

async function call(verb: Behaviour['verb']): Promise<unknown> {
  if (verb === 'checkBatch') return (await client.checkBatch([REQUEST]))[0];
  return verb === 'reserve' ? client.reserve(REQUEST) : client.check(REQUEST);
}

/** Where none listens, the service comes back at another address: its reports are delivered by a client that took over. */
function canDeliver({ servers: specs, scheme, certificate, resolves }: Behaviour): boolean {
  const isReached = scheme !== 'https' || certificate === 'trusted';
  return isReached && !resolves?.afterMs && specs.some((spec) => typeof spec !== 'string');
}

describe.each(behaviours.map((behaviour) => [behaviour.name, behaviour] as const))(
  'a service that %s',
  (_name, behaviour) => {
    const { expect: expected, verb, before = 0, calls = 1 } = behaviour;

    it('is answered for within the deadline, as the table says, and counts each operation once', async () => {
      const contexts = await start(behaviour);
      const { deadlineMs } = { ...defaults.client, ...behaviour.client };
      let allowed = 0;
      for (let n = 0; n < before; n += 1) if (((await call(verb)) as Decision).allowed) allowed += 1;
      for (let n = 0; n < calls; n += 1) {
        const seen = servers.requests.length;
        const startedAt = performance.now();
        const answer = await call(verb).catch((error: unknown) => error);
        expect(performance.now() - startedAt).toBeLessThan(deadlineMs + OWN_MS + MACHINE_MS);
        const requests = servers.requests.slice(seen);
        expect(requests.length).toBeGreaterThanOrEqual(expected.requests[0]);
        expect(requests.length).toBeLessThanOrEqual(expected.requests[1]);
        expect(new Set(requests.flatMap(operationIds)).size).toBe(requests.length > 0 ? 1 : 0);
        expectAnswer(answer, expected);
        if (expected.outcome !== 'error' && (answer as Decision).allowed) allowed += 1;
      }
      if (expected.outcome === 'degraded') expectContexts(contexts, expected);
      if (!canDeliver(behaviour)) return;
      servers.behave(0, [{}] as Step[]);
      await expect(client.flush({ timeoutMs: 3_000 })).resolves.toMatchObject({ pending: 0 });
      expect(servers.counted.size).toBe(allowed);
    });
  },
);

function expectAnswer(answer: unknown, { outcome, code, ...expected }: Behaviour['expect']): void {
  if (outcome === 'error') {
    expect(answer).toMatchObject({ name: 'QuotaClientError', code });
    return;
  }
  const { allowed, reason, onDeny } = expected;
  expect(answer).toMatchObject({
    allowed,
    ...(reason !== undefined && { reason }),
    ...(onDeny !== undefined && { onDeny: { code: onDeny } }),
  });
  const { degraded } = answer as Decision;
  if (outcome === 'degraded') {
    expect(degraded).toEqual({ cause: 'unreachable', policy: allowed ? 'allow' : 'deny' });
  } else if (outcome === 'decided') {
    expect(degraded?.cause).not.toBe('unreachable');
  }
}

function expectContexts(
  contexts: readonly FallbackContext[],
  { reason = 'degraded', cause, status, code, attempted }: Behaviour['expect'],
) {
  for (const context of contexts) {
    if (status !== undefined) expect(context.status).toBe(status);
    if (code !== undefined) expect(context.code).toBe(code);
  }
  const affected = [...client.affected()];
  expect(affected.length).toBeGreaterThan(0);
  // A gate decides in place of the fallback.
  expect(contexts).toHaveLength(reason === 'degraded' ? affected.length : 0);
  for (const operation of affected) {
    expect(cause).toContain(operation.cause);
    expect(operation.attempted).toBe(attempted);
    expect(operation.gate === undefined).toBe(reason === 'degraded');
  }
}
