import type { Subject } from '@sundial/contract';
import type Database from 'libsql';
import { attributeHashes } from '../recording/hash.js';
import { matches } from '../questions/event-query.js';
import type { LedgerEvent } from '../contract/ledger-event.js';
import type { Segment } from './day-file.js';
import { attributeSearch } from './segment-search.js';
import { atomically } from './sqlite-file.js';

/** Deletes the rows of a subject from a day. The pages they were on are overwritten when they are used again. */
export function deleteSubject(
  database: Database.Database,
  segments: readonly Segment[],
  subject: Subject,
): number {
  database.pragma('secure_delete = ON');
  return atomically(database, () =>
    segments.reduce((sum, segment) => sum + deleteFrom(database, segment, subject), 0),
  );
}

function deleteFrom(database: Database.Database, segment: Segment, subject: Subject): number {
  const hashes = attributeHashes(subject);
  const { text, values } = attributeSearch(segment, hashes, (hash) => rowsOfHash(database, segment, hash));
  const found = (
    database.prepare(`SELECT seq, row FROM events_${segment.id} WHERE ${text}`).all(values) as {
      seq: number;
      row: string;
    }[]
  ).filter(({ row }) => matches({ subject, order: 'oldest', limit: 0 }, JSON.parse(row) as LedgerEvent));
  const remove = database.prepare(`DELETE FROM events_${segment.id} WHERE seq = ?`);
  for (const { seq } of found) remove.run(seq);
  if (segment.closed && found.length > 0) {
    const unindex = database.prepare(`DELETE FROM attributes_${segment.id} WHERE seq = ? AND hash = ?`);
    for (const { seq, row } of found) {
      for (const hash of attributeHashes((JSON.parse(row) as LedgerEvent).subject ?? {}))
        unindex.run(seq, hash);
    }
  }
  database.prepare('UPDATE segments SET rows = rows - ? WHERE id = ?').run(found.length, segment.id);
  return found.length;
}

export function rowsOfHash(database: Database.Database, { id }: Segment, hash: number): number {
  const [{ rows } = { rows: 0 }] = database
    .prepare(`SELECT count(*) AS rows FROM (SELECT 1 FROM attributes_${id} WHERE hash = ? LIMIT 2000)`)
    .all(hash) as { rows: number }[];
  return rows;
}
