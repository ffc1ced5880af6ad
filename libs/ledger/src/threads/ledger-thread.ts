import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { openPostgresReader } from '../postgres/open-postgres-reader.js';
import { PostgresStore } from '../postgres/postgres-store.js';
import { openSqliteReader } from '../sqlite/open-sqlite-reader.js';
import { SqliteStore } from '../sqlite/sqlite-store.js';
import { runReader } from './reader-thread.js';
import type { ThreadSettings } from './thread-settings.js';
import { runWriter } from './writer-thread.js';

/** The entry of both threads: the one that writes, and the one that is asked. */
const settings = workerData as ThreadSettings;
const { role, node, url, directory = '', maxBytes } = settings;

makeWayForChecks();
if (!parentPort) throw new Error('This is the program of a worker thread.');
if (role === 'reader') {
  runReader(parentPort, () => (url === undefined ? openSqliteReader(directory) : openPostgresReader(url)));
} else {
  const store =
    url === undefined ? new SqliteStore(node, directory, maxBytes, Date.now) : new PostgresStore(node, url);
  runWriter(parentPort, settings, store);
}

/**
 * On Linux a thread has a priority of its own: where checks need all cores, the ledger waits for them, and loses events (a gap says how many)
 * rather than slow them down.
 */
function makeWayForChecks(): void {
  try {
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? [];
    if (thread !== undefined) setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Elsewhere, or where it is not allowed, it works on as it is.
  }
}
