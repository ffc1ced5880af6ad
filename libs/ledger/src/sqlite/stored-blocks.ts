import type Database from 'libsql';
import type { ReadableBlock } from '../blocks/block-reader.js';
import { KnownShapes } from '../blocks/known-shapes.js';
import type { NewBlock } from '../recording/ledger-store.js';
import { bytesOfBlob, type Blob } from './sqlite-file.js';

/** A block as it is in the file of its day. */
export interface StoredBlock extends ReadableBlock {
  readonly firstSeq: number;
  readonly rows: number;
  readonly node: string;
}

interface BlockRow {
  readonly first_seq: number;
  readonly rows: number;
  readonly node: string;
  /** JSON: the facet of each shape, and its text. */
  readonly shapes: string;
  readonly bytes: Blob;
}

export const BLOCKS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS blocks (first_seq INTEGER PRIMARY KEY, rows INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
    node TEXT NOT NULL, shapes TEXT NOT NULL, bytes BLOB NOT NULL);
`;

const shapes = new KnownShapes();

export function insertBlock(
  database: Database.Database,
  { rows, firstAt, lastAt, facets, shapeTexts, bytes }: NewBlock,
  { firstSeq, node }: { readonly firstSeq: number; readonly node: string },
): void {
  const named = JSON.stringify(facets.map((facet, index) => [facet, shapeTexts[index]]));
  database
    .prepare('INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(firstSeq, rows, firstAt, lastAt, node, named, bytes);
}

/** Finds the block that has a row. */
export function blockFinder(database: Database.Database): (seq: number) => StoredBlock | undefined {
  const find = database.prepare('SELECT * FROM blocks WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1');
  return (seq) => {
    const row = find.get(seq) as BlockRow | undefined;
    return row && row.first_seq + row.rows > seq ? storedBlock(row) : undefined;
  };
}

export interface BlockSpan {
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
}

/** The blocks that may have rows of these positions and this time, one after the other. */
export function* blocksIn(
  database: Database.Database,
  { first, last, from, to }: BlockSpan,
  order: 'newest' | 'oldest',
): Generator<StoredBlock> {
  const direction = order === 'oldest' ? 'ASC' : 'DESC';
  const found = database
    .prepare(
      `SELECT first_seq FROM blocks WHERE first_seq <= ? AND first_seq >= ? AND last_at >= ? AND first_at < ? AND first_seq + rows > ?
       ORDER BY first_seq ${direction}`,
    )
    .all(last, startOf(database, first), from, to, first) as { first_seq: number }[];
  const read = database.prepare('SELECT * FROM blocks WHERE first_seq = ?');
  for (const { first_seq } of found) {
    const row = read.get(first_seq) as BlockRow | undefined;
    if (row) yield storedBlock(row);
  }
}

export function blockUpdater(database: Database.Database): (block: StoredBlock) => void {
  const update = database.prepare('UPDATE blocks SET bytes = ? WHERE first_seq = ?');
  return ({ bytes, firstSeq }) => void update.run(bytes, firstSeq);
}

/** Where the block begins that has the row. */
function startOf(database: Database.Database, seq: number): number {
  const found = database
    .prepare('SELECT max(first_seq) AS start FROM blocks WHERE first_seq <= ?')
    .get(seq) as { start: number | null } | undefined;
  return found?.start ?? seq;
}

function storedBlock({ first_seq, rows, node, shapes: named, bytes }: BlockRow): StoredBlock {
  const known = JSON.parse(named) as [number, string][];
  return {
    ...{ firstSeq: first_seq, rows, node, bytes: bytesOfBlob(bytes) },
    shapes: known.map(([, text]) => shapes.of(text)),
    facets: known.map(([facet]) => facet),
  };
}
