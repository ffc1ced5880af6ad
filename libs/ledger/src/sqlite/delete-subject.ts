import type { Subject } from '@sundial/contract';
import type Database from 'libsql';
import { Form } from '../blocks/block.js';
import { BlockReader } from '../blocks/block-reader.js';
import { attributesOf, operationOf } from '../blocks/keys.js';
import type { DayFile, Segment } from './day-file.js';
import { Found, keyOf, removePostings } from './postings.js';
import { blocksThatMay, rowOf } from './segment-search.js';
import { atomically } from './sqlite-file.js';
import { blockUpdater } from './stored-blocks.js';

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

/** Each block is read and written once. */
function deleteFrom(database: Database.Database, segment: Segment, subject: Subject): number {
  const query = { subject, order: 'oldest', limit: Number.MAX_SAFE_INTEGER } as const;
  const update = blockUpdater(database);
  const gone: GoneKeys = { operations: [], attributes: [] };
  let deleted = 0;
  for (const { block, seqs } of blocksThatMay(database, segment, query)) {
    const before = deleted;
    const records = new BlockReader(block);
    for (let seq = block.firstSeq; records.next(); seq += 1) {
      if (seqs?.has(seq) === false) continue;
      if (!rowOf(records, { seq, node: block.node }, undefined, query)) continue;
      addKeys(gone, records, seq - segment.first_seq);
      erase(records);
      deleted += 1;
    }
    if (deleted > before) update(block);
  }
  if (segment.closed) {
    removePostings(database, segment.id, Found.byOperation, gone.operations);
    removePostings(database, segment.id, Found.byAttribute, gone.attributes);
  }
  database.prepare('UPDATE segments SET rows = rows - ? WHERE id = ?').run(deleted, segment.id);
  return deleted;
}

/** What deleted rows are found by. */
interface GoneKeys {
  readonly operations: number[];
  readonly attributes: number[];
}

function addKeys({ operations, attributes }: GoneKeys, record: BlockReader, place: number): void {
  const operation = operationOf(record);
  if (operation !== null) operations.push(keyOf(operation, place));
  for (const hash of attributesOf(record, [])) attributes.push(keyOf(hash, place));
}

function erase({ bytes, start, end }: BlockReader): void {
  bytes[start] = Form.Deleted;
  bytes.fill(0, start + 4, end);
}
