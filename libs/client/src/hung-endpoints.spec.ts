import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MisbehavingServers, type ServerSpec } from '../../../clients/misbehaving-server.mjs';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.js';
import { type Decision, QuotaClient, type QuotaClientOptions } from './index.js';

const SILENT: ServerSpec[] = [[{ do: 'never' }], [{ do: 'never' }]];
const CHECKS = 10_000;
const DEADLINE_MS = 500;
/** Deciding and journaling 10,000 operations in one instant, on a machine that does other things. */
const BURST_MS = 1_500;
const MIB = 1_024 * 1_024;

let servers: MisbehavingServers;
let client: QuotaClient;
let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory();
  servers = await MisbehavingServers.start(SILENT);
});
afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  await servers.stop();
  await directory.remove();
});

function start(options: Partial<QuotaClientOptions> = {}): void {
  const endpoints = servers.origins.map((origin) => `http://${origin}`);
  client = new QuotaClient({ endpoints, deadlineMs: DEADLINE_MS, ...options });
}

function checks(count: number): Promise<Decision[]> {
  const request = (n: number) => ({ resource: 'ocr', subject: { user: `u${n}` } });
  return Promise.all(Array.from({ length: count }, (_, n) => client.check(request(n))));
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('10,000 checks at once, of endpoints that are all silent', () => {
  it.each([
    ['share requests', true, 50],
    ['do not share requests', false, 1_000],
  ])(
    'are decided in time, and bounded in requests, timers and memory, where they %s',
    async (_how, merge, most) => {
      start({ merge, retries: 0 });
      const usedBefore = usedBytes();
      const timersBefore = timers();
      const startedAt = performance.now();
      const decided = checks(CHECKS);
      await new Promise((later) => setTimeout(later, DEADLINE_MS / 4));
      expect(timers() - timersBefore).toBeLessThanOrEqual(2 * most);
      const decisions = await decided;
      expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS + BURST_MS);
      expect(decisions.filter(({ allowed, reason }) => allowed && reason === 'degraded')).toHaveLength(
        CHECKS,
      );
      expect(new Set(decisions.map(({ operationId }) => operationId)).size).toBe(CHECKS);
      expect(servers.requests.length).toBeLessThanOrEqual(2 * most);
      expect(usedBytes() - usedBefore).toBeLessThan(60 * MIB);
    },
  );
});

describe('close while the endpoints are silent', () => {
  it('waits for the calls under way, keeps its bound, and loses nothing of a journal file', async () => {
    const file = join(directory.path, 'journal.ndjson');
    // Not even an aborted request ends.
    start({ journal: { file }, fetch: () => new Promise(() => undefined) });
    const decided = checks(50);
    const startedAt = performance.now();
    const closed = await client.close({ timeoutMs: 200 });
    expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS + 200 + 200);
    expect(closed).toEqual({ outcomes: {}, pending: 50 });
    expect((await decided).map(({ reason }) => reason)).toEqual(Array(50).fill('degraded'));
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(50);
  });
});

describe('a wall clock that jumps', () => {
  it('changes no deadline', async () => {
    start({ retries: 0 });
    const real = Date.now;
    const startedAt = performance.now();
    const decided = client.check({ resource: 'ocr', subject: {} });
    try {
      Date.now = () => real() - 86_400_000;
      await new Promise((later) => setTimeout(later, 50));
      Date.now = () => real() + 86_400_000;
      await expect(decided).resolves.toMatchObject({ reason: 'degraded' });
    } finally {
      Date.now = real;
    }
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(DEADLINE_MS / 4);
    expect(tookMs).toBeLessThan(DEADLINE_MS + 100);
  });
});
