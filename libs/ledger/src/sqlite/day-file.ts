import type Database from 'libsql';
import type { NewRow, NewRows } from '../recording/ledger-store.js';
import type { CountedRefusals } from '../recording/refusals.js';
import { atomically, openSqlite } from './sqlite-file.js';

/** A run of rows in a table of its own. An index is cheap where it is made for many rows at once: a segment has its indexes when it is closed. */
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
const ROWS_AT_ONCE = 50;
const COLUMNS = 6;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY, first_seq INTEGER, last_seq INTEGER, rows INTEGER, first_at INTEGER, last_at INTEGER, closed INTEGER);
  CREATE TABLE IF NOT EXISTS facets (id INTEGER PRIMARY KEY, kind TEXT, outcome TEXT, reason TEXT, degraded INTEGER, replayed INTEGER, resource TEXT, node TEXT);
  CREATE TABLE IF NOT EXISTS facet_rows (segment INTEGER, facet INTEGER, rows INTEGER, PRIMARY KEY (segment, facet)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counted (key TEXT, minute INTEGER, event TEXT, PRIMARY KEY (key, minute)) WITHOUT ROWID;
`;

/** The rows of one UTC day. */
export class DayFile {
  readonly #database: Database.Database;
  #segment: Segment | undefined;
  #one: Database.Statement | undefined;
  #many: Database.Statement | undefined;
  #segmentBytes = 0;

  constructor(
    readonly day: string,
    path: string,
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
  append({ rows, facets, counted, ended }: NewRows, after: number): void {
    const before = this.#segment;
    try {
      atomically(this.#database, () => {
        this.#writeFacets(facets);
        this.#writeCounted(counted, ended);
        if (rows.length > 0) this.#writeRows(rows, after);
      });
    } catch (error) {
      this.#segment = before;
      this.#one = this.#many = undefined;
      throw error;
    }
    for (const { text } of rows) this.#segmentBytes += text.length;
    const isLarge = this.#segmentBytes >= Math.min(SEGMENT_BYTES, this.maxSegmentBytes);
    if (this.#segment && (isLarge || this.#segment.rows >= SEGMENT_ROWS)) this.closeSegment();
  }

  /** Indexes the open segment; the next row begins another. */
  closeSegment(): void {
    const segment = this.#segment;
    if (!segment || segment.closed) return;
    atomically(this.#database, () => indexSegment(this.#database, segment.id));
    this.#segment = { ...segment, closed: 1 };
    this.#segmentBytes = 0;
    this.#one = this.#many = undefined;
  }

  /** Drops the oldest segment, but not the one that is written. */
  dropOldest(): Segment | undefined {
    const [oldest] = this.segments();
    if (!oldest || oldest.id === this.#segment?.id) return undefined;
    atomically(this.#database, () => {
      this.#database.exec(`DROP TABLE events_${oldest.id}; DROP TABLE IF EXISTS attributes_${oldest.id}`);
      this.#database.exec(
        `DELETE FROM segments WHERE id = ${oldest.id}; DELETE FROM facet_rows WHERE segment = ${oldest.id}`,
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

  #writeRows(rows: readonly NewRow[], after: number): void {
    const segment = this.#openSegment(after);
    const table = `INSERT INTO events_${segment.id} VALUES `;
    this.#many ??= this.#database.prepare(table + Array(ROWS_AT_ONCE).fill('(?, ?, ?, ?, ?, ?)').join(', '));
    this.#one ??= this.#database.prepare(`${table}(?, ?, ?, ?, ?, ?)`);
    let seq = after;
    let { first_at, last_at } = segment;
    for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
      const part = rows.slice(start, start + ROWS_AT_ONCE);
      const values: (number | string | null)[] = [];
      for (const { event, facet, operation, attributes, text } of part) {
        values.push((seq += 1), event.at, facet, operation, storedAttributes(attributes), text);
        first_at = Math.min(first_at, event.at);
        last_at = Math.max(last_at, event.at);
      }
      if (part.length === ROWS_AT_ONCE) this.#many.run(values);
      else for (let at = 0; at < values.length; at += COLUMNS) this.#one.run(values.slice(at, at + COLUMNS));
    }
    this.#segment = { ...segment, last_seq: seq, rows: segment.rows + rows.length, first_at, last_at };
    this.#database
      .prepare('UPDATE segments SET last_seq = ?, rows = ?, first_at = ?, last_at = ? WHERE id = ?')
      .run(seq, this.#segment.rows, first_at, last_at, segment.id);
  }

  #openSegment(after: number): Segment {
    if (this.#segment && !this.#segment.closed) return this.#segment;
    const id = (this.#segment?.id ?? 0) + 1;
    this.#database.exec(
      `CREATE TABLE events_${id} (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, facet INTEGER NOT NULL, operation INTEGER, attributes INTEGER, row TEXT NOT NULL)`,
    );
    const first_at = Number.MAX_SAFE_INTEGER;
    this.#database
      .prepare('INSERT INTO segments VALUES (?, ?, ?, 0, ?, 0, 0)')
      .run(id, after + 1, after, first_at);
    this.#one = this.#many = undefined;
    return { id, first_seq: after + 1, last_seq: after, rows: 0, first_at, last_at: 0, closed: 0 };
  }
}

/** Most subjects have one attribute: that is a number, several are JSON. */
function storedAttributes(hashes: readonly number[]): number | string | null {
  if (hashes.length > 1) return JSON.stringify(hashes);
  return hashes[0] ?? null;
}

function indexSegment(database: Database.Database, id: number): void {
  database.exec(`
    CREATE INDEX events_${id}_operation ON events_${id} (operation) WHERE operation IS NOT NULL;
    CREATE INDEX events_${id}_facet ON events_${id} (facet);
    CREATE TABLE attributes_${id} (hash INTEGER, seq INTEGER, PRIMARY KEY (hash, seq)) WITHOUT ROWID;
    INSERT OR IGNORE INTO attributes_${id}
      SELECT attributes AS hash, seq FROM events_${id} WHERE typeof(attributes) = 'integer'
      UNION ALL
      SELECT each.value, seq FROM events_${id}, json_each(attributes) AS each WHERE typeof(attributes) = 'text'
      ORDER BY 1, 2;
    INSERT INTO facet_rows SELECT ${id}, facet, count(*) FROM events_${id} GROUP BY facet;
    UPDATE segments SET closed = 1 WHERE id = ${id};
  `);
}
