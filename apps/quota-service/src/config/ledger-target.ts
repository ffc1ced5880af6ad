import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment } from './environment.js';

/** Where what is decided and changed is recorded, and how much of it is kept. */
export interface LedgerTarget {
  /** What this node is called there. */
  readonly node: string;
  /** Undefined: in files in `directory`. */
  readonly url: string | undefined;
  readonly directory: string;
  readonly days: number;
  readonly maxBytes: number;
}

/** Undefined where nothing is recorded. */
export function ledgerTarget(environment: Environment): LedgerTarget | undefined {
  if (environment.SUNDIAL_LEDGER === 'off') return undefined;
  return {
    node: nodeName(environment),
    url: environment.SUNDIAL_LEDGER_URL,
    directory: join(resolve(environment.SUNDIAL_DATA_DIR), 'ledger'),
    days: environment.SUNDIAL_LEDGER_DAYS,
    maxBytes: environment.SUNDIAL_LEDGER_MAX_BYTES,
  };
}

/** What this node is called, the same after a restart. */
export function nodeName({ SUNDIAL_NODE_NAME, PORT }: Environment): string {
  return SUNDIAL_NODE_NAME ?? `${hostname()}:${PORT}`;
}
