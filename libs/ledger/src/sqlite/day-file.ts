import type Database from 'libsql';
import type { NewBlock, NewRows } from '../recording/ledger-store.js';
import type { CountedRefusals } from '../recording/refusals.js';
import { MAX_PLACES, POSTINGS_SCHEMA } from './postings.js';
import { SegmentIndex } from './segment-index.js';
import { atomically, openSqlite } from './sqlite-file.js';
import { BLOCKS_SCHEMA, blocksIn, insertBlock } from './stored-blocks.js';

/** A run of blocks. An index is cheap where it is made for many rows at once: a segment has its index when it is closed. */
export interface Segment {
  readonly id: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly rows: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly closed: number;
}

/** Rows of an open segment are found by reading all of them. */
const SEGMENT_ROWS = 100_000;
const SEGMENT_BYTES = 64 * 1024 * 1024;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY, first_seq INTEGER, last_seq INTEGER, rows INTEGER, first_at INTEGER, last_at INTEGER, closed INTEGER);
  CREATE TABLE IF NOT EXISTS facets (id INTEGER PRIMARY KEY, kind TEXT, outcome TEXT, reason TEXT, degraded INTEGER, replayed INTEGER, resource TEXT, node TEXT);
  CREATE TABLE IF NOT EXISTS facet_rows (segment INTEGER, facet INTEGER, rows INTEGER, indexed INTEGER, PRIMARY KEY (segment, facet)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counted (key TEXT, minute INTEGER, event TEXT, PRIMARY KEY (key, minute)) WITHOUT ROWID;
  ${BLOCKS_SCHEMA}
  ${POSTINGS_SCHEMA}
`;

/** The rows of one UTC day. */
export class DayFile {
  readonly #database: Database.Database;
  #segment: Segment | undefined;
  /** Of the open segment; undefined: to be made from its blocks. */
  #index: SegmentIndex | undefined;
  #segmentBytes = 0;

  constructor(
    readonly day: string,
    path: string,
    private readonly node: string,
    private readonly maxSegmentBytes = SEGMENT_BYTES,
  ) {
    this.#database = openSqlite(path);
    this.#database.exec(SCHEMA);
    this.#segment = this.segments().at(-1);
  }

  get database(): Database.Database {
    return this.#database;
  }

  get lastSeq(): number {
    return this.#segment?.last_seq ?? 0;
  }

  /** Oldest first. */
  segments(): readonly Segment[] {
    return this.#database.prepare('SELECT * FROM segments ORDER BY id').all() as Segment[];
  }

  counted(): readonly CountedRefusals[] {
    const rows = this.#database.prepare('SELECT key, minute, event FROM counted').all() as {
      key: string;
      minute: number;
      event: string;
    }[];
    return rows.map(({ key, minute, event }) => ({
      key,
      minute,
      event: JSON.parse(event) as CountedRefusals['event'],
    }));
  }

  /** Writes rows behind `after`, in one transaction. */
  append({ blocks, facets, counted, ended }: NewRows, after: number): void {
    const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
    const open = this.#segment;
    if (open && after + rows - open.first_seq >= MAX_PLACES) this.closeSegment();
    const before = this.#segment;
    try {
      atomically(this.#database, () => {
        this.#writeFacets(facets);
        this.#writeCounted(counted, ended);
        if (blocks.length > 0) this.#writeBlocks(blocks, after);
      });
    } catch (error) {
      this.#segment = before;
      throw error;
    }
    if (before?.id !== this.#segment?.id) this.#index = new SegmentIndex();
    let place = after + 1 - (this.#segment?.first_seq ?? 0);
    for (const block of blocks) {
      this.#index?.add(block, place);
      place += block.rows;
      this.#segmentBytes += block.bytes.length;
    }
    const isLarge = this.#segmentBytes >= Math.min(SEGMENT_BYTES, this.maxSegmentBytes);
    if (this.#segment && (isLarge || this.#segment.last_seq - this.#segment.first_seq >= SEGMENT_ROWS))
      this.closeSegment();
  }

  /** Indexes the open segment; the next row begins another. */
  closeSegment(): void {
    const segment = this.#segment;
    if (!segment || segment.closed) return;
    const index = this.#index ?? this.#indexOf(segment);
    atomically(this.#database, () => {
      index.write(this.#database, segment.id);
      this.#database.prepare('UPDATE segments SET closed = 1 WHERE id = ?').run(segment.id);
    });
    this.#segment = { ...segment, closed: 1 };
    this.#segmentBytes = 0;
    this.#index = undefined;
  }

  /** Rows were deleted. */
  rowsDeleted(): void {
    this.#segment = this.segments().at(-1);
    this.#index = undefined;
  }

  /** Drops the oldest segment, but not the one that is written. */
  dropOldest(): Segment | undefined {
    const [oldest] = this.segments();
    if (!oldest || oldest.id === this.#segment?.id) return undefined;
    atomically(this.#database, () => {
      this.#database
        .prepare('DELETE FROM blocks WHERE first_seq BETWEEN ? AND ?')
        .run(oldest.first_seq, oldest.last_seq);
      this.#database.exec(
        `DELETE FROM segments WHERE id = ${oldest.id}; DELETE FROM facet_rows WHERE segment = ${oldest.id};
         DELETE FROM postings WHERE segment = ${oldest.id}`,
      );
    });
    return oldest;
  }

  /** Bytes that hold rows, or could be reused. */
  usedBytes(): number {
    const [{ bytes } = { bytes: 0 }] = this.#database
      .prepare(
        'SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
      )
      .all() as { bytes: number }[];
    return bytes;
  }

  /** The day is over: its file has all of it, and nothing is beside it. */
  finish(): void {
    this.closeSegment();
    this.#database.pragma('wal_checkpoint(TRUNCATE)');
    this.close();
  }

  close(): void {
    this.#database.close();
  }

  #writeFacets(facets: NewRows['facets']): void {
    if (facets.length === 0) return;
    const insert = this.#database.prepare('INSERT OR IGNORE INTO facets VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    for (const { id, kind, outcome, reason, degraded, replayed, resource, node } of facets) {
      insert.run(id, kind, outcome, reason, degraded, replayed, resource, node);
    }
  }

  #writeCounted(counted: NewRows['counted'], ended: NewRows['ended']): void {
    for (const { key, minute, event } of counted) {
      this.#database
        .prepare('INSERT OR REPLACE INTO counted VALUES (?, ?, ?)')
        .run(key, minute, JSON.stringify(event));
    }
    for (const { key, minute } of ended) {
      this.#database.prepare('DELETE FROM counted WHERE key = ? AND minute = ?').run(key, minute);
    }
  }

  #writeBlocks(blocks: readonly NewBlock[], after: number): void {
    const segment = this.#openSegment(after);
    let { first_at, last_at, rows, last_seq } = { ...segment, last_seq: after };
    for (const block of blocks) {
      insertBlock(this.#database, block, { firstSeq: last_seq + 1, node: this.node });
      last_seq += block.rows;
      rows += block.rows;
      first_at = Math.min(first_at, block.firstAt);
      last_at = Math.max(last_at, block.lastAt);
    }
    this.#segment = { ...segment, last_seq, rows, first_at, last_at };
    this.#database
      .prepare('UPDATE segments SET last_seq = ?, rows = ?, first_at = ?, last_at = ? WHERE id = ?')
      .run(last_seq, rows, first_at, last_at, segment.id);
  }

  #openSegment(after: number): Segment {
    if (this.#segment && !this.#segment.closed) return this.#segment;
    const id = (this.#segment?.id ?? 0) + 1;
    const first_at = Number.MAX_SAFE_INTEGER;
    this.#database
      .prepare('INSERT INTO segments VALUES (?, ?, ?, 0, ?, 0, 0)')
      .run(id, after + 1, after, first_at);
    return { id, first_seq: after + 1, last_seq: after, rows: 0, first_at, last_at: 0, closed: 0 };
  }

  #indexOf({ first_seq, last_seq }: Segment): SegmentIndex {
    const index = new SegmentIndex();
    const all = { first: first_seq, last: last_seq, from: 0, to: Number.MAX_SAFE_INTEGER };
    for (const block of blocksIn(this.#database, all, 'oldest')) index.add(block, block.firstSeq - first_seq);
    return index;
  }
}
