import { within } from '../calls/within.js';
import { LedgerOnThreads } from './ledger-on-threads.js';
import type { Ledger, LedgerListeners, LedgerSettings } from '../contract/ledger.js';
import { LedgerWriter } from '../queue/ledger-writer.js';
import { ThreadCalls } from '../calls/thread-calls.js';
import { startThread } from '../threads/start-thread.js';
import type { ThreadSettings } from '../threads/thread-settings.js';
import type { WriterNotice } from '../threads/writer-notice.js';

/** No start waits longer for a PostgreSQL. */
const READY_WITHIN_MS = 1_000;

const DEFAULTS = {
  days: 35,
  maxBytes: 2 * 1024 ** 3,
  flushEveryMs: 500,
  maxQueued: 50_000,
  maxQueuedBytes: 32 * 1024 ** 2,
};

/**
 * Opens the ledger of this node. Rejects where the settings or the directory can't be used. A PostgreSQL that is away is no error: events
 * wait for it, and questions reject until it is there.
 */
export async function openLedger(settings: LedgerSettings, listeners: LedgerListeners = {}): Promise<Ledger> {
  const { node, url, directory } = settings;
  if (url === undefined && directory === undefined) {
    throw new TypeError('A ledger needs a directory or the url of a database.');
  }
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    throw new TypeError('The url of a ledger is postgres://user:password@host:port/database.');
  }
  const { days, maxBytes, ...queue } = { ...DEFAULTS, ...settings };
  const where = url === undefined ? { directory: directory! } : { url };
  const thread = (role: ThreadSettings['role']) => startThread({ role, node, ...where, days, maxBytes });

  const writer = new LedgerWriter(queue, listeners);
  const writing = thread('writer');
  const calls = new ThreadCalls(writing, (notice) => writer.hear(notice as WriterNotice));
  const endWriting = async () => void (await writing.terminate());
  let reader: { readonly calls: ThreadCalls; end(): Promise<void> } | undefined;
  const reading = {
    calls: () => {
      if (reader) return reader.calls;
      const worker = thread('reader');
      reader = { calls: new ThreadCalls(worker), end: async () => void (await worker.terminate()) };
      return reader.calls;
    },
    end: async () => {
      await reader?.calls.call('close').catch(() => undefined);
      await reader?.end();
    },
  };
  try {
    const opened = calls.call('open');
    await (url === undefined ? opened : within(opened, READY_WITHIN_MS));
  } catch (error) {
    await writer.close();
    await endWriting();
    throw error;
  }
  writer.connect(calls);
  return new LedgerOnThreads(url === undefined ? 'sqlite' : 'postgres', writer, calls, reading, endWriting);
}
