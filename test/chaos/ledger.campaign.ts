import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openLedger, type Ledger } from '@sundial/ledger';
import { allPages, check } from '../contract/ledger-events.js';
import { postgresUnderTest, sqliteUnderTest, type LedgerUnderTest } from '../contract/ledger-under-test.js';
import { eventually } from '../support/eventually.js';
import { exitOf, spawnGuarded } from '../support/guarded-process.js';
import { PostgresProcess } from '../support/postgres-process.js';

const RECORDING = fileURLToPath(new URL('../support/recording-process.mjs', import.meta.url));

describe('a ledger whose PostgreSQL fails', () => {
  let postgres: PostgresProcess;
  beforeAll(async () => {
    postgres = await PostgresProcess.start();
  });
  afterAll(() => postgres.stop());

  const withLedger = async (work: (ledger: Ledger, away: unknown[]) => Promise<void>) => {
    const away: unknown[] = [];
    const settings = { node: 'a', url: await postgres.database(), flushEveryMs: 10, maxQueued: 300 };
    const ledger = await openLedger(settings, { onAvailability: (error) => away.push(error?.message) });
    try {
      await work(ledger, away);
    } finally {
      await ledger.close();
    }
  };
  const record = (ledger: Ledger, count: number) => {
    for (let index = 0; index < count; index += 1) ledger.record(check({ at: Date.now() }));
  };
  /** All events, and those that the gaps count. */
  const accountOf = async (ledger: Ledger) => {
    await eventually(() => ledger.status().queued === 0, { withinMs: 15_000, what: 'everything is written' });
    const events = await allPages((page) => ledger.questions.events({}, page), { limit: 1_000 });
    const lost = events.filter(({ kind }) => kind === 'gap').reduce((sum, { count }) => sum + count, 0);
    return { checks: events.filter(({ kind }) => kind === 'check').length, lost };
  };

  it('counts to the event what it lost while the server was frozen, and blocks nothing', () =>
    withLedger(async (ledger) => {
      record(ledger, 10);
      await ledger.flush();
      postgres.freeze();
      const start = performance.now();
      record(ledger, 5_000);
      expect(performance.now() - start).toBeLessThan(500);
      await sleep(100);
      postgres.thaw();
      const { checks, lost } = await accountOf(ledger);
      expect(checks + lost).toBe(5_010);
      expect(lost).toBeGreaterThan(4_000);
    }));

  // A server that is frozen for long gets the batch twice: once from before, once from the new connection.
  it('writes once what a server that was frozen was sent twice', () =>
    withLedger(async (ledger, away) => {
      record(ledger, 10);
      await ledger.flush();
      postgres.freeze();
      record(ledger, 100);
      await eventually(() => away.length > 0, { withinMs: 10_000, what: 'the ledger gives up waiting' });
      postgres.thaw();
      expect(await accountOf(ledger)).toEqual({ checks: 110, lost: 0 });
      expect(away).toEqual([expect.stringMatching(/PostgreSQL/), undefined]);
    }));

  it('writes what waited when a server that was killed is back, and says meanwhile that it is away', () =>
    withLedger(async (ledger, away) => {
      record(ledger, 10);
      await ledger.flush();
      await postgres.kill();
      record(ledger, 100);
      await eventually(() => away.length > 0, { what: 'the ledger knows' });
      expect(ledger.status()).toMatchObject({ lastError: expect.stringMatching(/PostgreSQL/) });
      expect(ledger.status().findings).toHaveLength(1);
      await expect(ledger.questions.decisions()).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
      await postgres.restart();
      expect(await accountOf(ledger)).toEqual({ checks: 110, lost: 0 });
      expect(ledger.status().findings).toEqual([]);
    }));

  it('waits for a server that refuses writes', () =>
    withLedger(async (ledger, away) => {
      record(ledger, 10);
      await ledger.flush();
      await postgres.query('ALTER SYSTEM SET default_transaction_read_only = on');
      await postgres.query('SELECT pg_reload_conf()');
      await eventually(() => {
        record(ledger, 1);
        return away.length > 0;
      });
      await postgres.query('ALTER SYSTEM RESET default_transaction_read_only');
      await postgres.query('SELECT pg_reload_conf()');
      const { checks, lost } = await accountOf(ledger);
      expect(lost).toBe(0);
      expect(checks).toBe(ledger.status().written);
      expect(away).toEqual([expect.stringMatching(/read-only/), undefined]);
    }));
});

describe.each<[string, () => LedgerUnderTest]>([
  ['SQLite', sqliteUnderTest],
  ['PostgreSQL', postgresUnderTest],
])('a node that is killed while it records on %s', (_, makeSubject) => {
  const subject = makeSubject();
  beforeAll(async () => {
    await subject.start();
    await subject.clear();
  });
  afterAll(() => subject.stop());

  it('has all that was flushed at its next start, sums that agree, and a gap that says so', async () => {
    const settings = JSON.stringify({ node: 'a', flushEveryMs: 10, ...subject.place() });
    const child = spawnGuarded(process.execPath, [RECORDING, settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let written = 0;
    child.stdout?.on(
      'data',
      (chunk: Buffer) => (written = Number(chunk.toString().trim().split('\n').at(-1))),
    );
    await eventually(() => written > 500, { withinMs: 15_000 });
    child.kill('SIGKILL');
    await exitOf(child);
    const flushed = written;

    const ledger = await subject.open();
    try {
      ledger.record(check({ kind: 'node', outcome: 'started', at: Date.now() }));
      await ledger.flush();
      const events = await allPages((page) => ledger.questions.events({}, page), { limit: 1_000 });
      const checks = events.filter(({ kind }) => kind === 'check').length;
      expect(checks).toBeGreaterThanOrEqual(flushed);
      expect(events.filter(({ kind }) => kind === 'gap')).toMatchObject([{ outcome: 'killed', count: 0 }]);
      const { rows } = await ledger.questions.usageHistory({ subject: { user: 'u1' } });
      expect(rows).toMatchObject([{ used: checks, allowed: checks }]);
    } finally {
      await ledger.close();
    }
    const again = await subject.open();
    try {
      await again.flush();
      expect((await again.questions.events({ kinds: ['gap'] })).rows).toHaveLength(1);
    } finally {
      await again.close();
    }
  });
});
