import type Database from 'libsql';
import { Form } from '../blocks/block.js';
import { BlockReader } from '../blocks/block-reader.js';
import { attributeHashes, hashOf } from '../blocks/hash.js';
import { matches, type EventQuery, type StoredRow } from '../questions/event-query.js';
import type { Segment } from './day-file.js';
import { Found, placesOf } from './postings.js';
import { blockFinder, blocksIn, type StoredBlock } from './stored-blocks.js';
import { mayAnswer } from './record-filter.js';

type Rows = Iterable<StoredRow>;

/** The rows of a segment that answer the query, in its order. `facets`: those that may; undefined: all. */
export function rowsIn(
  database: Database.Database,
  segment: Segment,
  facets: ReadonlySet<number> | undefined,
  query: EventQuery,
): Rows {
  const places = segment.closed ? knownPlaces(database, segment, facets, query) : undefined;
  return places
    ? rowsAt(database, inOrder(places, segment, query), facets, query)
    : rowsRead(database, segment, facets, query);
}

/** The blocks that may have such rows, the oldest first, and where; `seqs` undefined: anywhere. */
export function* blocksThatMay(
  database: Database.Database,
  segment: Segment,
  query: EventQuery,
): Generator<{ readonly block: StoredBlock; readonly seqs: ReadonlySet<number> | undefined }> {
  const places = segment.closed ? knownPlaces(database, segment, undefined, query) : undefined;
  if (!places) {
    const all = { first: segment.first_seq, last: segment.last_seq, from: 0, to: Number.MAX_SAFE_INTEGER };
    for (const block of blocksIn(database, all, 'oldest')) yield { block, seqs: undefined };
    return;
  }
  const blockWith = blockFinder(database);
  const wanted = inOrder(places, segment, { ...query, order: 'oldest' });
  for (let index = 0; index < wanted.length;) {
    const block = blockWith(wanted[index]!);
    const end = block ? block.firstSeq + block.rows : wanted[index]! + 1;
    const seqs = new Set<number>();
    for (; index < wanted.length && wanted[index]! < end; index += 1) seqs.add(wanted[index]!);
    if (block) yield { block, seqs };
  }
}

/** Where they are, by the index that finds the fewest; undefined: none does. */
function knownPlaces(
  database: Database.Database,
  { id }: Segment,
  facets: ReadonlySet<number> | undefined,
  { operationId, subject }: EventQuery,
): readonly number[] | undefined {
  if (operationId !== undefined) return placesOf(database, id, Found.byOperation, hashOf(operationId));
  const [first, ...others] = attributeHashes(subject ?? {});
  if (first !== undefined) {
    let fewest = placesOf(database, id, Found.byAttribute, first);
    for (const hash of others) {
      const places = placesOf(database, id, Found.byAttribute, hash);
      if (places.length < fewest.length) fewest = places;
    }
    return fewest;
  }
  if (!facets || !isRare(database, id, facets)) return undefined;
  const places = [...facets].flatMap((facet) => placesOf(database, id, Found.byFacet, facet));
  return [...new Set(places)].sort((one, other) => one - other);
}

/** Whether all rows of these facets are in the index, and few. */
function isRare(database: Database.Database, segment: number, facets: ReadonlySet<number>): boolean {
  const rows = database.prepare('SELECT facet, indexed FROM facet_rows WHERE segment = ?').all(segment) as {
    facet: number;
    indexed: number;
  }[];
  return rows.every(({ facet, indexed }) => indexed === 1 || !facets.has(facet));
}

/** Positions from places that ascend. */
function inOrder(places: readonly number[], { first_seq }: Segment, { order, beyond }: EventQuery): number[] {
  const seqs = places.map((place) => first_seq + place);
  if (order === 'newest') seqs.reverse();
  if (beyond === undefined) return seqs;
  return seqs.filter((seq) => (order === 'oldest' ? seq > beyond : seq < beyond));
}

function* rowsAt(
  database: Database.Database,
  seqs: readonly number[],
  facets: ReadonlySet<number> | undefined,
  query: EventQuery,
): Generator<StoredRow> {
  const blockWith = blockFinder(database);
  let block: StoredBlock | undefined;
  let records: BlockReader | undefined;
  let starts: readonly number[] = [];
  for (const seq of seqs) {
    if (!block || !records || seq < block.firstSeq || seq >= block.firstSeq + block.rows) {
      block = blockWith(seq);
      if (!block) continue;
      records = new BlockReader(block);
      starts = startsIn(block);
    }
    records.moveTo(starts[seq - block.firstSeq]!);
    const row = rowOf(records, { seq, node: block.node }, facets, query);
    if (row) yield row;
  }
}

/** Reads all blocks that may have some. */
function* rowsRead(
  database: Database.Database,
  segment: Segment,
  facets: ReadonlySet<number> | undefined,
  query: EventQuery,
): Generator<StoredRow> {
  const { from = 0, to = Number.MAX_SAFE_INTEGER, beyond, order } = query;
  const first = order === 'oldest' && beyond !== undefined ? beyond + 1 : segment.first_seq;
  const last = order === 'newest' && beyond !== undefined ? beyond - 1 : segment.last_seq;
  const span = {
    first: Math.max(first, segment.first_seq),
    last: Math.min(last, segment.last_seq),
    ...{ from, to },
  };
  for (const block of blocksIn(database, span, order)) {
    if (facets && !hasSome(block, facets)) continue;
    const records = new BlockReader(block);
    const starts = startsIn(block);
    for (let index = 0; index < starts.length; index += 1) {
      const place = order === 'oldest' ? index : starts.length - 1 - index;
      const seq = block.firstSeq + place;
      if (seq < span.first || seq > span.last) continue;
      records.moveTo(starts[place]!);
      const row = rowOf(records, { seq, node: block.node }, facets, query);
      if (row) yield row;
    }
  }
}

/** The record as a row, where it answers. */
export function rowOf(
  records: BlockReader,
  { seq, node }: Omit<StoredRow, 'event'>,
  facets: ReadonlySet<number> | undefined,
  query: EventQuery,
): StoredRow | undefined {
  if (records.form === Form.Deleted || (facets && !facets.has(records.facet))) return undefined;
  const { from = 0, to = Infinity } = query;
  if (records.at < from || records.at >= to || !mayAnswer(records, query)) return undefined;
  const event = records.event();
  return matches(query, event) ? { seq, node, event } : undefined;
}

/** Records in JSON have facets that only they say. */
function hasSome({ facets: ofShapes, bytes }: StoredBlock, facets: ReadonlySet<number>): boolean {
  return ofShapes.some((facet) => facets.has(facet)) || hasJson(bytes);
}

function hasJson(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length; start += 4 + bytes.readUIntBE(start + 1, 3))
    if (bytes[start] === Form.Json) return true;
  return false;
}

function startsIn({ bytes, rows }: StoredBlock): readonly number[] {
  const starts: number[] = [];
  for (
    let start = 0;
    start < bytes.length && starts.length < rows;
    start += 4 + bytes.readUIntBE(start + 1, 3)
  )
    starts.push(start);
  return starts;
}
