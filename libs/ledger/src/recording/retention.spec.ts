import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PostgresProcess } from '../../../../test/support/postgres-process.js';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { BlockBuilder, blocksOf } from '../blocks/block-builder.js';
import type { LedgerEvent } from '../contract/ledger-event.js';
import { PostgresConnection } from '../postgres/postgres-connection.js';
import { PostgresStore } from '../postgres/postgres-store.js';
import { openSqlite } from '../sqlite/sqlite-file.js';
import { SqliteStore } from '../sqlite/sqlite-store.js';
import type { LedgerStore } from './ledger-store.js';
import { Recorder } from './recorder.js';
import { DAY_MS } from './usage.js';

/** One that opens a place of its own, and reads a column of one of its tables. */
interface StoreOfTest {
  readonly store: LedgerStore;
  readonly column: (table: string, column: string) => Promise<readonly unknown[]>;
  readonly close: () => Promise<void>;
}

const NOW = Date.now();
const LARGE = 2 ** 40;
const daysAgo = (days: number) => NOW - days * DAY_MS;

let postgres: PostgresProcess;
beforeAll(async () => {
  postgres = await PostgresProcess.start();
});
afterAll(() => postgres.stop());

async function onSqlite(): Promise<StoreOfTest> {
  const directory = await temporaryDirectory();
  return {
    store: new SqliteStore('node', directory.path, LARGE, () => NOW),
    column: (table, column) => {
      const database = openSqlite(join(directory.path, 'permanent.sqlite'));
      const rows = database.prepare(`SELECT ${column} AS value FROM ${table} ORDER BY 1`).all() as Value[];
      database.close();
      return Promise.resolve(rows.map(({ value }) => value));
    },
    close: () => directory.remove(),
  };
}

async function onPostgres(): Promise<StoreOfTest> {
  const url = await postgres.database();
  const connection = new PostgresConnection(url, 'test');
  return {
    store: new PostgresStore('node', url),
    column: async (table, column) => {
      const { rows } = await connection.query(`SELECT ${column} AS value FROM ${table} ORDER BY 1`);
      return (rows as unknown as Value[]).map(({ value }) => value);
    },
    close: () => connection.close(),
  };
}

interface Value {
  readonly value: unknown;
}

/** An operator's write, an outage, and a check of a subject and a window of that age. */
function eventsOf(days: number): LedgerEvent[] {
  const at = daysAgo(days);
  const subject = { user: `u${days}` };
  const limit = { rule: 'r', window: 'day', meter: 'units', used: 1, max: 9, startsAt: at, resetsAt: null };
  return [
    { at, kind: 'admin', outcome: 'rule-changed', data: { target: 'r' } },
    { at, kind: 'mode', outcome: 'degraded' },
    { at: at + 1, kind: 'mode', outcome: 'exact' },
    {
      ...{ at, kind: 'check', outcome: 'allowed', resource: `of-${days}`, subject },
      data: { amounts: { units: 1 }, limits: [limit] },
    },
  ];
}

it.each([
  ['SQLite', onSqlite],
  ['PostgreSQL', onPostgres],
])('%s keeps operators’ writes, outages and sums 400 days, and volumes three', async (_name, opened) => {
  const { store, column, close } = await opened();
  const recorder = new Recorder('node', store);
  await recorder.write(blocksOf(new BlockBuilder(), [401, 399, 4, 2].flatMap(eventsOf)), NOW);
  await recorder.apply();
  const writes = () => column("ledger_permanent WHERE kind = 'admin'", 'at');
  expect(await writes()).toHaveLength(4);
  await recorder.retain({ days: 35, maxBytes: LARGE }, NOW);
  const kept = [399, 4, 2].map(daysAgo);
  expect(await writes()).toEqual(kept);
  expect(await column('ledger_outages', 'started_at')).toEqual(kept);
  expect(await column('ledger_windows', 'starts_at')).toEqual(kept);
  expect(await column('ledger_subjects', 'seen_at')).toEqual(kept);
  expect(await column('ledger_subject_days WHERE span = 1', 'day')).toEqual(
    kept.map((at) => Math.floor(at / DAY_MS)),
  );
  expect(await column('ledger_volumes', 'resource')).toEqual(['of-2']);
  await recorder.close(true);
  await close();
});
