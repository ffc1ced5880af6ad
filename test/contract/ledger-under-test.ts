import { join } from 'node:path';
import { openLedger, type Ledger, type LedgerListeners, type LedgerSettings } from '@sundial/ledger';
import { PostgresProcess } from '../support/postgres-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

export type OpenedSettings = Partial<LedgerSettings>;

/** A database of a ledger: every ledger opened between two calls of `clear` is on the same one. */
export interface LedgerUnderTest {
  readonly kind: 'sqlite' | 'postgres';
  start(): Promise<void>;
  clear(): Promise<void>;
  stop(): Promise<void>;
  /** Where a ledger finds it. */
  place(): { readonly directory: string } | { readonly url: string };
  open(settings?: OpenedSettings, listeners?: LedgerListeners): Promise<Ledger>;
}

const QUICK = { node: 'a', flushEveryMs: 10 } as const;

export function sqliteUnderTest(): LedgerUnderTest {
  let root: TemporaryDirectory;
  let run = 0;
  const place = () => ({ directory: join(root.path, `ledger-${run}`) });
  return {
    kind: 'sqlite',
    start: async () => void (root = await temporaryDirectory()),
    clear: () => Promise.resolve(void (run += 1)),
    stop: () => root.remove(),
    place,
    open: (settings, listeners) => openLedger({ ...QUICK, ...place(), ...settings }, listeners),
  };
}

export function postgresUnderTest(): LedgerUnderTest {
  let postgres: PostgresProcess;
  let url = '';
  const place = () => ({ url });
  return {
    kind: 'postgres',
    start: async () => void (postgres = await PostgresProcess.start()),
    clear: async () => void (url = await postgres.database()),
    stop: () => postgres.stop(),
    place,
    open: (settings, listeners) => openLedger({ ...QUICK, ...place(), ...settings }, listeners),
  };
}
