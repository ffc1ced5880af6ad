import type { SaidFinding } from '@sundial/contract';

/** What can be wrong with a store, or with the servers behind it. */
export type StoreFindingName =
  | 'credentials'
  | 'topology'
  | 'version'
  | 'eviction'
  | 'permissions'
  | 'certificate'
  | 'unreachable'
  | 'role'
  | 'writable'
  | 'clock'
  | 'persistence'
  | 'secret'
  | 'capacity'
  | 'unknown';

/** A finding about the store, or a server behind it, that Sundial's promises cannot bear: with the value that was found, and what to change. */
export interface StoreFinding extends SaidFinding {
  readonly finding: StoreFindingName;
  /** `refuse`: a service that finds it at its start exits. A running service never exits for it. */
  readonly severity: 'refuse' | 'warn';
  /** `host:port`, or null where it is not about one server. */
  readonly server: string | null;
}

/** Called with each finding that begins to hold, and with each that no longer does. */
export type FindingListener = (finding: StoreFinding, holds: boolean) => void;
