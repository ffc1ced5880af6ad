import type { Subject } from '@sundial/contract';
import type Database from 'libsql';
import { Form } from '../blocks/block.js';
import { BlockReader } from '../blocks/block-reader.js';
import { attributesOf, operationOf } from '../blocks/keys.js';
import type { DayFile, Segment } from './day-file.js';
import { Found, keyOf, removePostings } from './postings.js';
import { rowsIn } from './segment-search.js';
import { atomically } from './sqlite-file.js';
import { blockWith, updateBlock } from './stored-blocks.js';

/** Deletes the rows of a subject from a day: zeros are where they were, and the pages they were on are overwritten when they are used again. */
export function deleteSubject(file: DayFile, subject: Subject): number {
  const { database } = file;
  database.pragma('secure_delete = ON');
  const deleted = atomically(database, () =>
    file.segments().reduce((sum, segment) => sum + deleteFrom(database, segment, subject), 0),
  );
  if (deleted > 0) file.rowsDeleted();
  return deleted;
}

function deleteFrom(database: Database.Database, segment: Segment, subject: Subject): number {
  const query = { subject, order: 'oldest', limit: Number.MAX_SAFE_INTEGER } as const;
  const found = [...rowsIn(database, segment, undefined, query)].map(({ seq }) => seq);
  for (let index = 0; index < found.length;) {
    const block = blockWith(database, found[index]!)!;
    const end = block.firstSeq + block.rows;
    const some = new Set<number>();
    for (; index < found.length && found[index]! < end; index += 1) some.add(found[index]!);
    const records = new BlockReader(block);
    for (let seq = block.firstSeq; records.next(); seq += 1) {
      if (!some.has(seq)) continue;
      if (segment.closed) removeKeys(database, segment, records, seq - segment.first_seq);
      erase(records);
    }
    updateBlock(database, block.firstSeq, block.bytes);
  }
  database.prepare('UPDATE segments SET rows = rows - ? WHERE id = ?').run(found.length, segment.id);
  return found.length;
}

function removeKeys(database: Database.Database, { id }: Segment, record: BlockReader, place: number): void {
  const operation = operationOf(record);
  if (operation !== null) removePostings(database, id, Found.byOperation, [keyOf(operation, place)]);
  const attributes = attributesOf(record, []).map((hash) => keyOf(hash, place));
  removePostings(database, id, Found.byAttribute, attributes);
}

function erase({ bytes, start, end }: BlockReader): void {
  bytes[start] = Form.Deleted;
  bytes.fill(0, start + 4, end);
}
