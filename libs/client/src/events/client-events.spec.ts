import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MisbehavingServers, type ServerSpec } from '../../../../clients/misbehaving-server.mjs';
import { type ClientCallEnd, QuotaClient, type QuotaClientOptions } from '../index.js';

const REQUEST = { resource: 'ocr', subject: { user: 'u1' }, operationId: 'op' };
const AWAY: ServerSpec = [{ status: 502, body: { text: '<html>' } }];

/** For what is not about time: the first call of a process on a busy machine takes longer than a caller would wait. */
const UNHURRIED_MS = 5_000;

let servers: MisbehavingServers;
let client: QuotaClient;

async function start(spec: ServerSpec, options: Partial<QuotaClientOptions> = {}): Promise<void> {
  servers = await MisbehavingServers.start([spec]);
  client = new QuotaClient({ url: `http://${servers.origins[0]}`, ...options });
}

afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  await servers.stop();
});

describe('events', () => {
  it('tell of every attempt, and of what the fallback decided', async () => {
    await start(AWAY, { retries: 1, deadlineMs: UNHURRIED_MS });
    const attempts: unknown[] = [];
    const degraded: unknown[] = [];
    client.on('attempt', (event) => attempts.push(event));
    const end = client.on('degraded', (event) => degraded.push(event));
    await client.check(REQUEST);
    const attempt = {
      endpoint: `http://${servers.origins[0]}`,
      path: 'check',
      outcome: 'server-error',
      status: 502,
    };
    expect(attempts).toMatchObject([
      { ...attempt, attempt: 1 },
      { ...attempt, attempt: 2 },
    ]);
    const how = { cause: 'server-error', status: 502, policy: 'allow', attempted: true };
    expect(degraded).toMatchObject([{ verb: 'check', resource: 'ocr', operationId: 'op', ...how }]);
    end();
    await client.check(REQUEST);
    expect(degraded).toHaveLength(1);
  });

  it('raise an alarm when 12 calls in a row fail', async () => {
    const alarms: unknown[] = [];
    await start(AWAY, { onAlarm: (alarm) => alarms.push(alarm) });
    for (let n = 0; n < 14; n += 1) await client.check(REQUEST);
    expect(alarms).toMatchObject([{ name: 'calls-failing', state: 'raised', severity: 'error' }]);
  });

  it('raise an alarm when the journal is full, once a minute at most', async () => {
    const alarms: unknown[] = [];
    await start(AWAY, { journal: { maxOperations: 2 }, onAlarm: (alarm) => alarms.push(alarm) });
    for (let n = 0; n < 6; n += 1) await client.check(REQUEST);
    expect(alarms).toMatchObject([{ name: 'journal-full', state: 'noted' }]);
  });
});

describe('code of the caller that throws', () => {
  it('fails no call: it becomes a warning of the process', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const thrown = () => {
      throw new Error('boom');
    };
    await start(AWAY, { onAlarm: thrown, onCall: thrown, headers: thrown, fallback: thrown });
    client.on('degraded', thrown);
    client.on('attempt', thrown);
    await expect(client.check(REQUEST)).resolves.toMatchObject({ allowed: true, reason: 'degraded' });
    await client.check(REQUEST);
    const whose = ['onCall', 'headers', 'fallback', 'attempt', 'degraded', 'alarm'];
    const warnings = warned.mock.calls.map(([text]) => String(text));
    warned.mockRestore();
    for (const text of warnings) expect(text).toMatch(/threw Error: boom$/);
    expect(warnings).toHaveLength(new Set(warnings).size);
    expect(whose.filter((name) => warnings.some((text) => text.includes(name)))).toEqual(whose.slice(0, 5));
  });

  it('fails no call: a fetch that throws, never ends, or ends after its time', async () => {
    await start([{}]);
    const fetches: (typeof fetch)[] = [
      () => {
        throw new Error('boom');
      },
      () => new Promise(() => undefined),
      () => new Promise((_resolve, reject) => setTimeout(reject, 250, new Error('late'))),
      () => Promise.resolve(undefined as never),
    ];
    for (const own of fetches) {
      const quota = new QuotaClient({ url: 'http://127.0.0.1', fetch: own });
      const startedAt = performance.now();
      await expect(quota.check(REQUEST)).resolves.toMatchObject({ reason: 'degraded' });
      expect(performance.now() - startedAt).toBeLessThan(275);
      await quota.close({ timeoutMs: 0 });
    }
  });
});

describe('hooks for tracing', () => {
  it('see each call begin and end, and add headers to its requests', async () => {
    const ends: (ClientCallEnd & { readonly verb: string })[] = [];
    await start([{}, { status: 409, body: { problem: 'operation-conflict' } }, { do: 'reset' }], {
      retries: 0,
      headers: () => ({ traceparent: '00-abc-def-01', authorization: 'never' }),
      key: 'k',
      onCall:
        ({ verb }) =>
        (end) =>
          ends.push({ verb, ...end }),
    });
    await client.check(REQUEST);
    await expect(client.check(REQUEST)).rejects.toMatchObject({ code: 'operation-conflict' });
    await client.usage(REQUEST);
    expect(ends.map(({ verb, outcome }) => `${verb} ${outcome}`)).toEqual([
      'check answered',
      'check rejected',
      'usage degraded',
    ]);
    expect(ends[1]?.error).toMatchObject({ code: 'operation-conflict' });
    expect(servers.requests[0]?.headers).toMatchObject({
      traceparent: '00-abc-def-01',
      authorization: 'Bearer k',
    });
  });
});
