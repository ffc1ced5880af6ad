import { Worker } from 'node:worker_threads';
import type { ThreadSettings } from './thread-settings.js';

/** A worker runs the build, also where this file itself is run as TypeScript. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/threads/ledger-thread.js' : './ledger-thread.js',
  import.meta.url,
);
/** What a thread may take: above it the thread ends, not the service. */
const RESOURCES = { maxOldGenerationSizeMb: 512 };

export function startThread(settings: ThreadSettings): Worker {
  const worker = new Worker(PROGRAM, {
    workerData: settings,
    name: `ledger-${settings.role}`,
    resourceLimits: RESOURCES,
    execArgv: [],
  });
  worker.unref();
  return worker;
}
