import type Database from 'libsql';
import {
  facetCondition,
  matches,
  operationHash,
  type EventQuery,
  type StoredRow,
} from '../questions/event-query.js';
import type { LedgerEvent } from '../contract/ledger-event.js';
import { attributeHashes } from '../recording/hash.js';
import type { Segment } from './day-file.js';
import { daysIn, pathOf } from './day-files.js';
import { rowsOfHash } from './delete-subject.js';
import { attributeSearch, type Condition } from './segment-search.js';
import { openSqlite } from './sqlite-file.js';

/** Rows of a facet are found by its index where they are fewer than one in so many; else the segment is read in order. */
const RARE = 50;

/** Finds rows in the files of the days. */
export class SqliteReader {
  readonly #files = new Map<string, Database.Database>();

  constructor(private readonly directory: string) {}

  find(query: EventQuery): readonly StoredRow[] {
    const found: StoredRow[] = [];
    for (const day of inOrder(query, this.#days())) {
      const database = this.#fileOf(day);
      // Its file may have been removed just before it was opened.
      if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'segments'").get()) continue;
      const facets = this.#facets(database, query);
      if (facets?.length === 0) continue;
      const segments = database.prepare('SELECT * FROM segments ORDER BY id').all() as Segment[];
      for (const segment of inOrder(query, segments)) {
        if (!mayHold(segment, query)) continue;
        findIn(database, segment, facets, query, found);
        if (found.length >= query.limit) return found;
      }
    }
    return found;
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  /** Days whose file is gone are forgotten. */
  #days(): readonly string[] {
    const days = daysIn(this.directory);
    for (const [day, file] of this.#files) {
      if (days.includes(day)) continue;
      file.close();
      this.#files.delete(day);
    }
    return days;
  }

  #fileOf(day: string): Database.Database {
    let file = this.#files.get(day);
    if (!file) {
      file = openSqlite(pathOf(this.directory, day));
      this.#files.set(day, file);
    }
    return file;
  }

  /** `undefined`: all of them. */
  #facets(database: Database.Database, query: EventQuery): readonly number[] | undefined {
    const { text, values } = facetCondition(query);
    if (text === '') return undefined;
    const sql = `SELECT id FROM facets WHERE ${text.replaceAll('$', '?')}`;
    return (database.prepare(sql).all(values) as { id: number }[]).map(({ id }) => id);
  }
}

function inOrder<T>({ order }: EventQuery, items: readonly T[]): readonly T[] {
  return order === 'oldest' ? items : items.toReversed();
}

function mayHold({ first_seq, last_seq, first_at, last_at, rows }: Segment, query: EventQuery): boolean {
  const { from = 0, to = Infinity, beyond, order } = query;
  if (rows === 0 || last_at < from || first_at >= to) return false;
  return beyond === undefined || (order === 'oldest' ? last_seq > beyond : first_seq < beyond);
}

function findIn(
  database: Database.Database,
  segment: Segment,
  facets: readonly number[] | undefined,
  query: EventQuery,
  found: StoredRow[],
): void {
  const { order, limit } = query;
  const condition = conditionIn(database, segment, facets, query);
  if (!condition) return;
  const direction = order === 'oldest' ? 'seq > ? ORDER BY seq ASC' : 'seq < ? ORDER BY seq DESC';
  const select = `SELECT seq, row, (SELECT node FROM facets WHERE id = facet) AS node FROM events_${segment.id}`;
  const statement = database.prepare(`${select} WHERE ${condition.text} AND ${direction} LIMIT ?`);
  let beyond = query.beyond ?? (order === 'oldest' ? 0 : Number.MAX_SAFE_INTEGER);
  for (;;) {
    const rows = statement.all([...condition.values, beyond, limit]) as StoredRow[];
    for (const row of rows) {
      if (found.length < limit && matches(query, JSON.parse(row.row) as LedgerEvent)) found.push(row);
    }
    if (rows.length < limit || found.length >= limit) return;
    beyond = rows.at(-1)!.seq;
  }
}

/** `undefined`: the segment has no such row. */
function conditionIn(
  database: Database.Database,
  segment: Segment,
  facets: readonly number[] | undefined,
  query: EventQuery,
): Condition | undefined {
  const conditions: Condition[] = [];
  const operation = operationHash(query);
  if (operation !== undefined) conditions.push({ text: 'operation = ?', values: [operation] });
  if (query.subject) {
    const rowsOf = (hash: number) => rowsOfHash(database, segment, hash);
    conditions.push(attributeSearch(segment, attributeHashes(query.subject), rowsOf));
  }
  if (facets) {
    const rows = segment.closed ? rowsOfFacets(database, segment, facets) : segment.rows;
    if (rows === 0) return undefined;
    const isIndexed = conditions.length === 0 && rows * RARE < segment.rows;
    // A plus keeps the index from being used.
    const text = `${isIndexed ? '' : '+'}facet IN (SELECT value FROM json_each(?))`;
    if (!segment.closed || rows < segment.rows) conditions.push({ text, values: [JSON.stringify(facets)] });
  }
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = query;
  conditions.push({ text: 'at >= ? AND at < ?', values: [from, to] });
  return {
    text: conditions.map(({ text }) => text).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  };
}

function rowsOfFacets(database: Database.Database, { id }: Segment, facets: readonly number[]): number {
  const [{ rows } = { rows: 0 }] = database
    .prepare(
      'SELECT coalesce(sum(rows), 0) AS rows FROM facet_rows WHERE segment = ? AND facet IN (SELECT value FROM json_each(?))',
    )
    .all(id, JSON.stringify(facets)) as { rows: number }[];
  return rows;
}
