import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely';
import Database from 'libsql';
import pg from 'pg';
import type { Ledger, LedgerListeners, LedgerSettings } from './ledger.js';
import { SimpleLedger } from './simple-ledger.js';

/** Opens the ledger of this node. Rejects where the settings or the database can't be used; a PostgreSQL that is away is no error. */
export async function openLedger(
  settings: LedgerSettings,
  _listeners: LedgerListeners = {},
): Promise<Ledger> {
  const { url, directory } = settings;
  if (url !== undefined) {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on('error', () => undefined);
    const db = new Kysely<never>({ dialect: new PostgresDialect({ pool }) });
    return SimpleLedger.open(settings, 'postgres', db);
  }
  if (directory === undefined) throw new TypeError('A ledger needs a directory or the url of a database.');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new Database(join(directory, 'permanent.sqlite'));
  database.pragma('journal_mode = WAL');
  const db = new Kysely<never>({ dialect: new SqliteDialect({ database }) });
  return SimpleLedger.open(settings, 'sqlite', db);
}
