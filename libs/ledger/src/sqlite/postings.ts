import type Database from 'libsql';
import { bytesOfBlob, type Blob } from './sqlite-file.js';

/** What rows of a closed segment are found by. */
export const Found = { byOperation: 0, byAttribute: 1, byFacet: 2 } as const;
export type FoundBy = (typeof Found)[keyof typeof Found];

/** A key is the upper 35 bits of a hash, and 18 of the row's place in its segment: exact in a float, and sorted without being compared by us. */
const PLACES = 2 ** 18;
export const MAX_PLACES = PLACES;
const KEYS_AT_ONCE = 2_048;

export const POSTINGS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS postings (segment INTEGER, found_by INTEGER, first INTEGER, last INTEGER, keys BLOB);
  CREATE INDEX IF NOT EXISTS postings_last ON postings (segment, found_by, last);
`;

export function keyOf(hash: number, place: number): number {
  return Math.floor(hash / PLACES) * PLACES + place;
}

/** Writes the keys of a segment, some thousand a row. */
export function writePostings(
  database: Database.Database,
  segment: number,
  foundBy: FoundBy,
  keys: readonly number[],
): void {
  const sorted = Float64Array.from(keys).sort();
  const insert = database.prepare('INSERT INTO postings VALUES (?, ?, ?, ?, ?)');
  for (let start = 0; start < sorted.length; start += KEYS_AT_ONCE) {
    const some = sorted.subarray(start, start + KEYS_AT_ONCE);
    insert.run(segment, foundBy, some[0], some.at(-1), bytesOf(some));
  }
}

/** The places in the segment of rows that have this hash, or one like it; in order. */
export function placesOf(
  database: Database.Database,
  segment: number,
  foundBy: FoundBy,
  hash: number,
): readonly number[] {
  const lowest = keyOf(hash, 0);
  const highest = lowest + PLACES - 1;
  const places: number[] = [];
  for (const { keys } of rowsWith(database, segment, foundBy, lowest, highest)) {
    const sorted = keysIn(keys);
    for (
      let index = lowerBound(sorted, lowest);
      index < sorted.length && sorted[index]! <= highest;
      index += 1
    )
      places.push(sorted[index]! - lowest);
  }
  return places;
}

/** Forgets rows that are gone: some thousand keys are written together, so those that lie together are taken out at once. */
export function removePostings(
  database: Database.Database,
  segment: number,
  foundBy: FoundBy,
  gone: readonly number[],
): void {
  const update = database.prepare('UPDATE postings SET keys = ? WHERE rowid = ?');
  const find = database.prepare(ROWS_WITH);
  const isGone = new Set(gone);
  let removedUpTo = -1;
  for (const key of Float64Array.from(gone).sort()) {
    if (key <= removedUpTo) continue;
    for (const { rowid, last, keys } of find.all(segment, foundBy, key, key) as PostingsRow[]) {
      update.run(bytesOf(keysIn(keys).filter((one) => !isGone.has(one))), rowid);
      removedUpTo = last;
    }
  }
}

interface PostingsRow {
  readonly rowid: number;
  readonly last: number;
  readonly keys: Blob;
}

const ROWS_WITH =
  'SELECT rowid, last, keys FROM postings WHERE segment = ? AND found_by = ? AND last >= ? AND first <= ? ORDER BY last';

function rowsWith(
  database: Database.Database,
  segment: number,
  foundBy: FoundBy,
  lowest: number,
  highest: number,
): readonly PostingsRow[] {
  return database.prepare(ROWS_WITH).all(segment, foundBy, lowest, highest) as PostingsRow[];
}

function bytesOf(keys: Float64Array): Buffer {
  return Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
}

/** The bytes are those of this machine: a file of the ledger does not go to another. */
function keysIn(blob: Blob): Float64Array {
  return new Float64Array(Uint8Array.prototype.slice.call(bytesOfBlob(blob)).buffer);
}

function lowerBound(sorted: Float64Array, key: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
