import { closeSync, openSync } from 'node:fs';
import Database from 'libsql';

/** How long a statement waits for the other thread's transaction. */
const BUSY_MS = 5_000;

/** Opens a file that is its user's alone, and that one thread may write while another reads. */
export function openSqlite(path: string): Database.Database {
  closeSync(openSync(path, 'a', 0o600));
  const database = new Database(path, { timeout: BUSY_MS });
  database.pragma('page_size = 16384');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  return database;
}

/** Runs `work` in one transaction. */
export function atomically<T>(database: Database.Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Binary data as the binding gives it. */
export type Blob = Buffer | ArrayBuffer;

export function bytesOfBlob(blob: Blob): Buffer {
  return Buffer.isBuffer(blob) ? blob : Buffer.from(blob);
}
