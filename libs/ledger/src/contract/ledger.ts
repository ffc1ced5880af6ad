import type { LedgerDatabase } from './ledger-database.js';
import type { GapCause, LedgerEvent } from './ledger-event.js';
import type { LedgerQuestions } from './ledger-questions.js';

export interface LedgerSettings {
  /** The name of this node, the same after a restart. */
  readonly node: string;
  /** Where SQLite keeps its files, e.g. `<data>/ledger`; made with mode 0700 where it is missing. */
  readonly directory?: string;
  /** `postgres://…`: then nothing is kept in `directory`. One of the two is needed. */
  readonly url?: string;
  /** Days that events are kept; default 35. Admin writes, gaps and aggregates are kept 400. */
  readonly days?: number;
  /** What the events may take on disk; default 2 GiB. The oldest day goes first, and a gap says so. */
  readonly maxBytes?: number;
  /** How long an event waits at most before it is written, in ms; default 500. */
  readonly flushEveryMs?: number;
  /** Bounds of the queue; default 50,000 events and 32 MiB. */
  readonly maxQueued?: number;
  readonly maxQueuedBytes?: number;
}

/** What the owner of a ledger hears of it. Called on the main thread; must not throw. */
export interface LedgerListeners {
  /** The database went away (`error`) or came back (`undefined`). */
  onAvailability?(error: Error | undefined): void;
  /** Events were lost and the loss is recorded. */
  onGap?(gap: LedgerGap): void;
}

/** Events that the ledger doesn't have. */
export interface LedgerGap {
  readonly cause: GapCause;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** How many; for `killed` it is not known, and 0. */
  readonly count: number;
}

export interface LedgerStatus {
  readonly store: 'sqlite' | 'postgres';
  readonly covers: 'this node' | 'all nodes';
  /** Events that wait to be written. */
  readonly queued: number;
  /** Events written, and lost, since it was opened. */
  readonly written: number;
  readonly lost: number;
  /** Why the last attempt to write failed; absent when it succeeded. */
  readonly lastError?: string;
  /** What an operator should know, and do. */
  readonly findings: readonly string[];
}

/** The record of what was decided and changed. `openLedger` opens one; `close` it. */
export interface Ledger {
  /** Synchronous, never throws, never waits: what has no room in the queue is counted into a gap. */
  record(event: LedgerEvent): void;
  readonly questions: LedgerQuestions;
  readonly database: LedgerDatabase;
  status(): LedgerStatus;
  /** Resolves when everything recorded before it is written, or the database is away. */
  flush(): Promise<void>;
  /** Writes what is queued, within 5 s, and lets go of the database. */
  close(): Promise<void>;
}
