import type Database from 'libsql';
import { facetCondition, type EventQuery, type StoredRow } from '../questions/event-query.js';
import type { Segment } from './day-file.js';
import { daysIn, pathOf } from './day-files.js';
import { rowsIn } from './segment-search.js';
import { openSqlite } from './sqlite-file.js';

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
      if (facets?.size === 0) continue;
      const segments = database.prepare('SELECT * FROM segments ORDER BY id').all() as Segment[];
      for (const segment of inOrder(query, segments)) {
        if (!mayHold(segment, query) || !hasFacets(database, segment, facets)) continue;
        for (const row of rowsIn(database, segment, facets, query)) {
          found.push(row);
          if (found.length >= query.limit) return found;
        }
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
  #facets(database: Database.Database, query: EventQuery): ReadonlySet<number> | undefined {
    const { text, values } = facetCondition(query);
    if (text === '') return undefined;
    const sql = `SELECT id FROM facets WHERE ${text.replaceAll('$', '?')}`;
    return new Set((database.prepare(sql).all(values) as { id: number }[]).map(({ id }) => id));
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

/** An open segment may have any. */
function hasFacets(
  database: Database.Database,
  { id, closed }: Segment,
  facets: ReadonlySet<number> | undefined,
): boolean {
  if (!closed || !facets) return true;
  const rows = database.prepare('SELECT facet FROM facet_rows WHERE segment = ?').all(id) as {
    facet: number;
  }[];
  return rows.some(({ facet }) => facets.has(facet));
}
