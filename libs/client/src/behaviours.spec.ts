import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Step, MisbehavingServers, type ServerSpec } from '../../../clients/misbehaving-server.mjs';
import { type Decision, type FallbackContext, type FallbackPolicy, QuotaClient } from './index.js';

/** The table that clients of every language are tested by (clients/README.md). */
interface Behaviour {
  readonly name: string;
  readonly scheme?: 'http' | 'https';
  readonly calls?: number;
  readonly servers: readonly ServerSpec[];
  readonly client?: Partial<ClientOptions>;
  readonly expect: {
    readonly outcome: 'decided' | 'degraded' | 'error';
    readonly allowed?: boolean;
    readonly cause?: readonly string[];
    readonly status?: number;
    readonly code?: string;
    readonly attempted?: boolean;
    readonly requests: readonly [least: number, most: number];
  };
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

let servers: MisbehavingServers;
let client: QuotaClient;

afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  await servers.stop();
});

/** The client of a behaviour, and what its fallback function was given. */
async function start(
  behaviour: Pick<Behaviour, 'scheme' | 'servers' | 'client'>,
): Promise<FallbackContext[]> {
  const { fallback: policy, ...options } = { ...defaults.client, ...behaviour.client };
  servers = await MisbehavingServers.start(behaviour.servers as ServerSpec[]);
  const contexts: FallbackContext[] = [];
  const fallback = (context: FallbackContext) => {
    contexts.push(context);
    return policy;
  };
  const endpoints = servers.origins.map((origin) => `${behaviour.scheme ?? 'http'}://${origin}`);
  client = new QuotaClient({ endpoints, fallback, ...options });
  return contexts;
}

/** Where nothing listens, the service comes back at another address: its reports are delivered by a client that took over. */
function canDeliver({ servers: specs, scheme }: Behaviour): boolean {
  return scheme !== 'https' && specs.some((spec) => typeof spec !== 'string');
}

describe.each(behaviours.map((behaviour) => [behaviour.name, behaviour] as const))(
  'a service that %s',
  (_name, behaviour) => {
    const { expect: expected, calls = 1 } = behaviour;

    it('is answered for within the deadline, as the table says, and counts each operation once', async () => {
      const contexts = await start(behaviour);
      const { deadlineMs } = { ...defaults.client, ...behaviour.client };
      let allowed = 0;
      for (let call = 0; call < calls; call += 1) {
        const before = servers.requests.length;
        const startedAt = performance.now();
        const answer = await client.check(REQUEST).catch((error: unknown) => error);
        expect(performance.now() - startedAt).toBeLessThan(deadlineMs + OWN_MS + MACHINE_MS);
        const requests = servers.requests.slice(before);
        expect(requests.length).toBeGreaterThanOrEqual(expected.requests[0]);
        expect(requests.length).toBeLessThanOrEqual(expected.requests[1]);
        expect(new Set(requests.map(({ body }) => body.operationId)).size).toBe(requests.length > 0 ? 1 : 0);
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

function expectAnswer(answer: unknown, { outcome, allowed, code }: Behaviour['expect']): void {
  if (outcome === 'error') {
    expect(answer).toMatchObject({ name: 'QuotaClientError', code });
    return;
  }
  expect(answer).toMatchObject({ allowed });
  const { degraded } = answer as Decision;
  if (outcome === 'degraded') {
    expect(degraded).toEqual({ cause: 'unreachable', policy: allowed ? 'allow' : 'deny' });
  } else {
    expect(degraded?.cause).not.toBe('unreachable');
  }
}

function expectContexts(
  contexts: readonly FallbackContext[],
  { cause, status, code, attempted }: Behaviour['expect'],
) {
  for (const context of contexts) {
    expect(cause).toContain(context.cause);
    if (status !== undefined) expect(context.status).toBe(status);
    if (code !== undefined) expect(context.code).toBe(code);
  }
  const affected = [...client.affected()];
  expect(affected).toHaveLength(contexts.length);
  for (const operation of affected) expect(operation.attempted).toBe(attempted);
}
