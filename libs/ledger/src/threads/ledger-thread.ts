import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { runReader } from './reader-thread.js';
import type { ThreadSettings } from './thread-settings.js';
import { runWriter } from './writer-thread.js';

/** The entry of both threads: the one that writes, and the one that is asked. */
const settings = workerData as ThreadSettings;
const { role, node, url, directory = '', maxBytes } = settings;

makeWayForChecks();
if (!parentPort) throw new Error('This is the program of a worker thread.');
const { reader, store } = await database();
if (role === 'reader') runReader(parentPort, reader);
else runWriter(parentPort, settings, store());

/** A node loads the driver of its own database alone, before its thread answers: where it is missing, nothing begins. */
async function database() {
  /* eslint-disable no-restricted-syntax -- the other driver is some 30 modules, in each thread of each start. */
  if (url === undefined) {
    const { sqliteDatabase } = await import('../sqlite/sqlite-database.js');
    return sqliteDatabase(node, directory, maxBytes);
  }
  const { postgresDatabase } = await import('../postgres/postgres-database.js');
  /* eslint-enable no-restricted-syntax */
  return postgresDatabase(node, url);
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
