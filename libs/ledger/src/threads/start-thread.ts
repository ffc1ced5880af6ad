import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ThreadSettings } from './thread-settings.js';

/** A worker runs the build, also where this file itself is run as TypeScript. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/threads/ledger-thread.js' : './ledger-thread.js',
  import.meta.url,
);
/** What a thread may take: above it the thread ends, not the service. */
const RESOURCES = { maxOldGenerationSizeMb: 512 };
/** Of the threads that have not answered yet. */
const beginning = new Set<Promise<unknown>>();

export function startThread(settings: ThreadSettings): Worker {
  const worker = new Worker(PROGRAM, {
    workerData: settings,
    name: `ledger-${settings.role}`,
    resourceLimits: RESOURCES,
    execArgv: [],
  });
  worker.unref();
  const begun = Promise.race([once(worker, 'message'), once(worker, 'exit')])
    .catch(() => undefined)
    .finally(() => beginning.delete(begun));
  beginning.add(begun);
  return worker;
}

/** Resolves when all threads have begun. A process that ends while one of them opens SQLite is aborted by it (SIGABRT), whatever its exit code was to be. */
export async function threadsBegun(): Promise<void> {
  await Promise.all(beginning);
}
