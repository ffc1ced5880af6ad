import type { ReadableBlock } from '../blocks/block-reader.js';
import type { LedgerGap } from '../contract/ledger.js';
import type { Facet } from './facet.js';
import type { OutageRow } from './outages.js';
import type { CountedRefusals } from './refusals.js';
import type { SubjectAttribute } from './subject-attributes.js';
import type { SubjectDay } from './subject-days.js';
import type { WindowUsage } from './usage.js';
import type { ResourceVolume } from './volumes.js';

/** Rows that wait to be written: each record of the block is one. */
export interface NewBlock extends ReadableBlock {
  readonly rows: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The texts of its shapes. */
  readonly shapeTexts: readonly string[];
  /** Whether some of its rows are of kinds that outlive their day. */
  readonly isPermanent: boolean;
}

/** What is written at once, or not at all. */
export interface NewRows {
  /** Counts up by one from batch to batch; a batch that is written again has the number it had, and is recognised by it. */
  readonly number: number;
  readonly blocks: readonly NewBlock[];
  readonly facets: readonly Facet[];
  /** Counted so far; each replaces what was kept under its key and minute. */
  readonly counted: readonly CountedRefusals[];
  /** Those that are among the rows now. */
  readonly ended: readonly CountedRefusals[];
}

/** Sums of the rows up to and including `upTo`. */
export interface Derived {
  readonly windows: readonly WindowUsage[];
  readonly days: readonly SubjectDay[];
  readonly subjects: readonly SubjectAttribute[];
  readonly outages: readonly OutageRow[];
  readonly volumes: readonly ResourceVolume[];
  readonly upTo: number;
}

/** What the database knows of this node from before. */
export interface StoredState {
  /** When the process before was last known to write, if it never said that it ended. */
  readonly unclean: number | undefined;
  readonly counted: readonly CountedRefusals[];
  readonly outages: readonly OutageRow[];
  /** Up to which row the sums reach. */
  readonly derivedUpTo: number;
}

/** Rows that are in the database. */
export interface WrittenRows {
  readonly block: ReadableBlock;
  /** Of the block's records, so many come before the rows that were asked for. */
  readonly skip: number;
  /** Of the last row. */
  readonly position: number;
}

export interface RetentionBounds {
  readonly days: number;
  readonly maxBytes: number;
}

/** Events of the ledger in a database, for the one writer of a node. Every method rejects while the database is away, and may be tried again. */
export interface LedgerStore {
  /** As many sums are applied at once; more of them wait for no time. */
  readonly maxSums: number;
  /** Migrates, and marks that a process writes from now on. */
  open(): Promise<StoredState>;
  /** Whether a new day has begun since the last write: facets are then to be sent again. */
  beginsNewDay(): boolean;
  /** Resolves with the position of the last row. */
  write(rows: NewRows): Promise<number>;
  applyDerived(derived: Derived): Promise<void>;
  /** Some of this node's rows behind a position, oldest first; none: that was all. */
  rowsAfter(position: number): Promise<readonly WrittenRows[]>;
  /** Drops what is too old or too much, and says what. */
  retain(bounds: RetentionBounds, now: number): Promise<readonly LedgerGap[]>;
  deleteSubject(
    subject: Readonly<Record<string, string>>,
  ): Promise<{ readonly events: number; readonly windows: number }>;
  /** Marks that nothing is missing. */
  close(clean: boolean): Promise<void>;
}
