import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Block } from '../../libs/ledger/src/blocks/block.js';
import { BlockBuilder } from '../../libs/ledger/src/blocks/block-builder.js';
import { PostgresConnection } from '../../libs/ledger/src/postgres/postgres-connection.js';
import { PostgresStore } from '../../libs/ledger/src/postgres/postgres-store.js';
import type { LedgerStore } from '../../libs/ledger/src/recording/ledger-store.js';
import { Recorder } from '../../libs/ledger/src/recording/recorder.js';
import { SqliteStore } from '../../libs/ledger/src/sqlite/sqlite-store.js';
import { eventsOf, type FilledDay } from './events.js';

const DAY_MS = 86_400_000;
const BATCH_BLOCKS = 8;
const LARGE = 2 ** 40;
const INDEXES = [
  'ledger_events_seq',
  'ledger_events_facet',
  'ledger_events_operation',
  'ledger_attributes_hash',
];

export type Place = { readonly directory: string } | { readonly url: string };

/** Rows that are written as a node writes them, by a clock that is set; the last day is today. PostgreSQL copies its first day itself. */
export async function fill(place: Place, days: readonly FilledDay[]): Promise<void> {
  let now = days[0]!.start;
  const recorder = new Recorder(
    'node',
    storeOf(place, () => now),
  );
  const builder = new BlockBuilder();
  const blocks: Block[] = [];
  const write = () => patiently(() => recorder.write(blocks, now)).then(() => void blocks.splice(0));
  let first = 0;
  await write();
  const indexes = 'url' in place ? await withoutIndexes(place.url) : [];
  for (const day of 'url' in place ? days.slice(0, 1) : days) {
    for (const event of eventsOf(day, first)) {
      now = event.at;
      builder.append(event);
      if (builder.isFull) blocks.push(builder.take());
      if (blocks.length === BATCH_BLOCKS) await write();
    }
    if (builder.events > 0) blocks.push(builder.take());
    await write();
    first += day.rows;
    console.error(`${first} rows`);
  }
  await recorder.close(true);
  if ('url' in place) await run(place.url, [...copiesOf(days), ...indexes, 'ANALYZE']);
}

/** A batch that may have arrived is written again under its number, and counts once. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      console.error(String(error));
      await sleep(1_000);
    }
  }
}

/** The statements that make the other days of the first: other positions, instants and operations. */
function copiesOf(days: readonly FilledDay[]): readonly string[] {
  const copies = days.slice(1).flatMap((_, index) => {
    const after = index + 1;
    const part = after + 1;
    const seqs = `seq + ${after} * (SELECT rows FROM ledger_parts WHERE part = 1)`;
    return [
      `SELECT ledger_next_part(current_date)`,
      `INSERT INTO ledger_events SELECT ${part}, ${seqs}, at + ${after} * ${DAY_MS}::bigint, facet, operation + ${after}, "row" FROM ledger_events WHERE part = 1`,
      `INSERT INTO ledger_attributes SELECT ${part}, hash, ${seqs} FROM ledger_attributes WHERE part = 1`,
      `INSERT INTO ledger_marks SELECT ${part}, minute + ${after} * 1440, ${seqs.replace('seq', 'first_seq')}, ${seqs.replace('seq', 'last_seq')} FROM ledger_marks WHERE part = 1`,
      `INSERT INTO ledger_permanent SELECT ${seqs}, at + ${after} * ${DAY_MS}::bigint, node, kind, outcome, actor, target, "row" FROM ledger_permanent
         WHERE seq <= (SELECT rows FROM ledger_parts WHERE part = 1)`,
      `UPDATE ledger_parts p SET rows = f.rows, last_seq = p.first_seq + f.rows - 1, first_at = f.first_at + ${after} * ${DAY_MS}::bigint,
         last_at = f.last_at + ${after} * ${DAY_MS}::bigint FROM ledger_parts f WHERE p.part = ${part} AND f.part = 1`,
      `UPDATE ledger_position SET seq = (SELECT last_seq FROM ledger_parts WHERE part = ${part})`,
      `INSERT INTO ledger_subject_days SELECT resource, meter, span, day + ${after}, subject_hash, subject, used, allowed, denied
         FROM ledger_subject_days WHERE span = 1 AND day = ${days[0]!.start / DAY_MS}`,
      `INSERT INTO ledger_windows SELECT subject_hash, rule, "window", meter, starts_at + ${after} * ${DAY_MS}::bigint, resets_at, resource, subject,
         used, reserved, max, seen_at, allowed, denied FROM ledger_windows WHERE starts_at < ${days[1]!.start}`,
    ];
  });
  return [
    ...copies,
    `UPDATE ledger_parts SET day = (clock_timestamp() AT TIME ZONE 'UTC')::date - (${days.length} - part)`,
    `UPDATE ledger_nodes SET derived_up_to = (SELECT seq FROM ledger_position)`,
  ];
}

export async function isFilled(place: Place): Promise<boolean> {
  if ('directory' in place) return existsSync(join(place.directory, 'permanent.sqlite'));
  const connection = new PostgresConnection(place.url, 'fill');
  const { rows } = await connection.query("SELECT 1 FROM pg_tables WHERE tablename = 'ledger_parts'");
  await connection.close();
  return rows.length > 0;
}

/** As the writer of a node does it once a minute; gives the milliseconds it takes. */
export async function dropOldestDay(place: Place, days: number): Promise<number> {
  const store = storeOf(place, Date.now);
  await store.open();
  const startedAt = performance.now();
  await store.retain({ days: days - 2, maxBytes: LARGE }, Date.now());
  const tookMs = performance.now() - startedAt;
  await store.close(true);
  return tookMs;
}

function storeOf(place: Place, now: () => number): LedgerStore {
  return 'url' in place
    ? new PostgresStore('node', place.url)
    : new SqliteStore('node', place.directory, LARGE, now);
}

/** Drops them, and gives the statements that make them again: at the end that takes a fraction of the time. */
async function withoutIndexes(url: string): Promise<readonly string[]> {
  const connection = new PostgresConnection(url, 'fill');
  const { rows } = await connection.query('SELECT indexdef FROM pg_indexes WHERE indexname = ANY($1)', [
    INDEXES,
  ]);
  await connection.query(`DROP INDEX ${INDEXES.join(', ')}`);
  await connection.close();
  return rows.map(({ indexdef }) => String(indexdef).replace(' ON ONLY ', ' ON '));
}

/** Some of them take minutes. */
async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

export function daysUntilToday(count: number, rows: number): readonly FilledDay[] {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  return Array.from({ length: count }, (_, index) => ({
    start: today - (count - 1 - index) * DAY_MS,
    rows: Math.floor(rows / count),
  }));
}
