import { attributeHashes } from '../blocks/hash.js';
import {
  facetCondition,
  matches,
  operationHash,
  type EventQuery,
  storedRow,
  type JsonRow,
  type StoredRow,
} from '../questions/event-query.js';
import type { PostgresConnection } from './postgres-connection.js';

interface Positions {
  readonly first: number;
  readonly last: number;
}

/** Above this many facets, a part is read in order instead of by facet. */
const MAX_FACETS = 300;
/** So many rows are read in order before their facets are looked up. */
const NEAR_ROWS = 5_000;
const COLUMNS = 'e.seq, e."row", (SELECT node FROM ledger_facets WHERE id = e.facet) AS node';

/** Finds rows in the parts of the database, from part to part in the order that is asked for. */
export async function findRows(
  connection: PostgresConnection,
  query: EventQuery,
): Promise<readonly StoredRow[]> {
  const rows = async <Row>(text: string, values: readonly unknown[]) =>
    (await connection.query(text, values)).rows as unknown as Row[];
  const facets = await facetsOf(rows, query);
  const span = await positionsOf(rows, query);
  if (facets?.length === 0 || !span) return [];
  const direction = query.order === 'oldest' ? 'ASC' : 'DESC';
  const operation = operationHash(query);
  if (operation !== undefined) {
    const text = `SELECT ${COLUMNS} FROM ledger_events e WHERE operation = $1 ORDER BY seq ${direction} LIMIT $2`;
    const found = await rows<JsonRow>(text, [operation, query.limit]);
    return found.map(storedRow).filter(({ event }) => matches(query, event));
  }
  const parts = await rows<{ part: number }>(
    `SELECT part FROM ledger_parts WHERE rows > 0 AND last_seq >= $1 AND first_seq <= $2 ORDER BY part ${direction}`,
    [span.first, span.last],
  );
  const found: StoredRow[] = [];
  for (const { part } of parts) {
    await findIn(rows, { part, span, facets, query }, found);
    if (found.length >= query.limit) break;
  }
  return found;
}

type Rows = <Row>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** `undefined`: all of them. */
async function facetsOf(rows: Rows, query: EventQuery): Promise<readonly number[] | undefined> {
  const { text, values } = facetCondition(query);
  if (text === '') return undefined;
  let parameter = 0;
  const sql = `SELECT id FROM ledger_facets WHERE ${text.replace(/\$/g, () => `$${(parameter += 1)}`)}`;
  return (await rows<{ id: number }>(sql, values)).map(({ id }) => id);
}

/** Where rows of the asked time are, and beyond the cursor. */
async function positionsOf(
  rows: Rows,
  { from, to, beyond, order }: EventQuery,
): Promise<Positions | undefined> {
  let first = 0;
  let last = Number.MAX_SAFE_INTEGER;
  if (from !== undefined || to !== undefined) {
    const minutes = [Math.floor((from ?? 0) / 60_000), Math.floor((to ?? Number.MAX_SAFE_INTEGER) / 60_000)];
    const [marks] = await rows<{ first: number | null; last: number | null }>(
      'SELECT min(first_seq) AS first, max(last_seq) AS last FROM ledger_marks WHERE minute BETWEEN $1 AND $2',
      minutes,
    );
    if (!marks || marks.first === null || marks.last === null) return undefined;
    ({ first, last } = { first: marks.first, last: marks.last });
  }
  if (beyond !== undefined && order === 'oldest') first = Math.max(first, beyond + 1);
  if (beyond !== undefined && order === 'newest') last = Math.min(last, beyond - 1);
  return first > last ? undefined : { first, last };
}

interface PartSearch {
  readonly part: number;
  readonly span: Positions;
  readonly facets: readonly number[] | undefined;
  readonly query: EventQuery;
  readonly reading?: 'in order';
}

async function findIn(rows: Rows, search: PartSearch, found: StoredRow[]): Promise<void> {
  const { query, facets } = search;
  if (!query.subject && facets && facets.length <= MAX_FACETS) {
    // What many rows are is found at once by reading in order; what few are, by their facets.
    const rest = await findInOrder(rows, search, found);
    if (rest) await findBy(rows, { ...search, span: rest }, found);
    return;
  }
  await findBy(rows, search, found);
}

/** Reads the nearest rows in their order. Answers where the others are, if more are wanted. */
async function findInOrder(
  rows: Rows,
  search: PartSearch,
  found: StoredRow[],
): Promise<Positions | undefined> {
  const { order, limit } = search.query;
  const [{ first, last } = { first: 0, last: 0 }] = await rows<Positions>(
    'SELECT greatest(first_seq, $2) AS first, least(last_seq, $3) AS last FROM ledger_parts WHERE part = $1',
    [search.part, search.span.first, search.span.last],
  );
  const near =
    order === 'oldest'
      ? { first, last: Math.min(last, first + NEAR_ROWS - 1) }
      : { first: Math.max(first, last - NEAR_ROWS + 1), last };
  await findBy(rows, { ...search, span: near, reading: 'in order' }, found);
  if (found.length >= limit) return undefined;
  const rest = order === 'oldest' ? { first: near.last + 1, last } : { first, last: near.first - 1 };
  return rest.first > rest.last ? undefined : rest;
}

async function findBy(rows: Rows, search: PartSearch, found: StoredRow[]): Promise<void> {
  const { query, part, facets } = search;
  const { limit, order, from = 0, to = Number.MAX_SAFE_INTEGER } = query;
  const direction = order === 'oldest' ? 'ASC' : 'DESC';
  const { source, value, condition } = await sourceOf(rows, search);
  const text = `SELECT x.seq, x."row", (SELECT node FROM ledger_facets WHERE id = x.facet) AS node FROM (
    SELECT e.seq, e.facet, e."row" FROM ${source(direction)} WHERE ${condition} AND e.at >= $5 AND e.at < $6
    ORDER BY e.seq ${direction} LIMIT $4) x ORDER BY x.seq ${direction}`;
  let { first, last } = search.span;
  for (;;) {
    const some = await rows<JsonRow>(text, [part, first, last, limit, from, to, value, facets ?? []]);
    for (const row of some.map(storedRow)) {
      if (found.length < limit && matches(query, row.event)) found.push(row);
    }
    if (some.length < limit || found.length >= limit) return;
    if (order === 'oldest') first = some.at(-1)!.seq + 1;
    else last = some.at(-1)!.seq - 1;
  }
}

/** What the rows are read from: the attributes' index, or that of each facet, or the rows in their order. `$7` is `value`, `$8` the facets. */
async function sourceOf(rows: Rows, { part, facets, query, reading }: PartSearch) {
  const within = 'part = $1 AND seq BETWEEN $2 AND $3';
  const ofFacets = facets ? 'e.facet = ANY($8::bigint[])' : '$8::bigint[] IS NOT NULL';
  if (query.subject) {
    const value = await rarest(rows, part, attributeHashes(query.subject));
    return {
      value,
      source: () => 'ledger_attributes a JOIN ledger_events e ON e.part = $1 AND e.seq = a.seq',
      condition: `a.part = $1 AND a.hash = $7 AND a.seq BETWEEN $2 AND $3 AND ${ofFacets}`,
    };
  }
  if (facets && facets.length <= MAX_FACETS && reading !== 'in order') {
    return {
      value: 0,
      source: (direction: string) =>
        // Not `facet = f`: the planner knows how many rows a facet has on average, and for a rare one it would read all rows in their order.
        `unnest($8::bigint[]) f, LATERAL (SELECT * FROM ledger_events e WHERE part = $1 AND (facet, seq) >= (f, $2::bigint) AND (facet, seq) <= (f, $3::bigint)
           AND at >= $5 AND at < $6 ORDER BY facet ${direction}, seq ${direction} LIMIT $4) e`,
      condition: '$7::bigint = 0',
    };
  }
  return {
    value: 0,
    source: () => 'ledger_events e',
    condition: `${within} AND $7::bigint = 0 AND ${ofFacets}`,
  };
}

async function rarest(rows: Rows, part: number, hashes: readonly number[]): Promise<number> {
  const [only = 0] = hashes;
  if (hashes.length < 2) return only;
  const [best] = await rows<{ hash: number }>(
    `SELECT h AS hash FROM unnest($2::bigint[]) h,
       LATERAL (SELECT count(*) AS n FROM (SELECT 1 FROM ledger_attributes WHERE part = $1 AND hash = h LIMIT 2000) x) c ORDER BY n LIMIT 1`,
    [part, hashes],
  );
  return best?.hash ?? only;
}
