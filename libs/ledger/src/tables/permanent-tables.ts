import { sql, type Kysely, type Migration, type RawBuilder } from 'kysely';
import type { OutageRow } from '../recording/outages.js';
import type { SubjectAttribute } from '../recording/subject-attributes.js';
import type { SubjectDay } from '../recording/subject-days.js';
import { DAY_MS, type WindowUsage } from '../recording/usage.js';
import { type ResourceVolume, VOLUME_DAYS, VOLUME_SLICE_MS } from '../recording/volumes.js';

/** A rare event that outlives its day. */
interface PermanentEvent {
  readonly seq: number;
  readonly at: number;
  readonly node: string;
  readonly kind: string;
  readonly outcome: string;
  readonly actor: string | null;
  readonly target: string | null;
  /** The event as JSON. */
  readonly row: string;
}

/** A node that wrote to this database. */
interface LedgerNode {
  readonly node: string;
  /** Of the process that writes, or wrote last. */
  readonly session: string;
  /** Its clock, epoch ms. */
  readonly flushed_at: number;
  readonly batch: number;
  /** 1 once the process said that it ended. */
  readonly ended: number;
  /** Up to which row the sums of its rows reach. */
  readonly derived_up_to: number;
}

/** What is kept for 400 days, and volumes for a few, in both databases alike. */
export interface PermanentTables {
  readonly ledger_permanent: PermanentEvent;
  readonly ledger_windows: WindowUsage;
  readonly ledger_subject_days: SubjectDay;
  readonly ledger_outages: OutageRow;
  readonly ledger_subjects: SubjectAttribute;
  readonly ledger_nodes: LedgerNode;
  readonly ledger_volumes: ResourceVolume;
}

export const PERMANENT_DAYS = 400;

/** `keyed`: what the database says of a table that is found by its primary key alone. */
export function permanentMigrations(keyed: '' | 'WITHOUT ROWID'): Readonly<Record<string, Migration>> {
  return { '001-permanent': { up: (db) => createPermanentTables(db, keyed) } };
}

/** What subjects are searched by: a row for each attribute, found by how its value begins, byte by byte. */
export async function createSubjects(
  db: Kysely<unknown>,
  { keyed, bytewise }: { readonly keyed: string; readonly bytewise: string },
): Promise<void> {
  const [suffix, collation] = [sql.raw(keyed), sql.raw(bytewise)];
  await sql`CREATE TABLE ledger_subjects (name text ${collation} NOT NULL, value text ${collation} NOT NULL, subject_hash bigint NOT NULL,
    subject text NOT NULL, seen_at bigint NOT NULL, PRIMARY KEY (name, value, subject_hash)) ${suffix}`.execute(
    db,
  );
}

/** What was decided about each resource: a row for five minutes. */
export async function createVolumes(db: Kysely<unknown>, keyed: string): Promise<void> {
  await sql`CREATE TABLE ledger_volumes (resource text NOT NULL, slice bigint NOT NULL, decisions bigint NOT NULL,
    PRIMARY KEY (slice, resource)) ${sql.raw(keyed)}`.execute(db);
}

async function createPermanentTables(db: Kysely<unknown>, keyed: string): Promise<void> {
  await db.schema
    .createTable('ledger_permanent')
    .addColumn('seq', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('actor', 'text')
    .addColumn('target', 'text')
    .addColumn('row', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('ledger_permanent_at').on('ledger_permanent').column('at').execute();
  await db.schema
    .createTable('ledger_nodes')
    .addColumn('node', 'text', (column) => column.primaryKey())
    .addColumn('session', 'text', (column) => column.notNull())
    .addColumn('flushed_at', 'bigint', (column) => column.notNull())
    .addColumn('batch', 'bigint', (column) => column.notNull())
    .addColumn('ended', 'integer', (column) => column.notNull())
    .addColumn('derived_up_to', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('ledger_outages')
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('allowed', 'bigint', (column) => column.notNull())
    .addColumn('denied', 'bigint', (column) => column.notNull())
    .addColumn('settled', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('ledger_outages_key', ['started_at', 'node'])
    .execute();
  await createUsageTables(db, sql.raw(keyed));
}

async function createUsageTables(db: Kysely<unknown>, keyed: RawBuilder<unknown>): Promise<void> {
  await sql`CREATE TABLE ledger_windows (subject_hash bigint NOT NULL, rule text NOT NULL, "window" text NOT NULL, meter text NOT NULL,
    starts_at bigint NOT NULL, resets_at bigint, resource text NOT NULL, subject text NOT NULL, used bigint NOT NULL, reserved bigint NOT NULL,
    max bigint, seen_at bigint NOT NULL, allowed bigint NOT NULL, denied bigint NOT NULL,
    PRIMARY KEY (subject_hash, starts_at, rule, "window", meter)) ${keyed}`.execute(db);
  await sql`CREATE TABLE ledger_subject_days (resource text NOT NULL, meter text NOT NULL, span integer NOT NULL, day integer NOT NULL, subject_hash bigint NOT NULL,
    subject text NOT NULL, used bigint NOT NULL, allowed bigint NOT NULL, denied bigint NOT NULL,
    PRIMARY KEY (span, day, resource, meter, subject_hash)) ${keyed}`.execute(db);
}

/** The first slice of volumes that is kept while all else is kept since `at`. */
export function oldestSlice(at: number): number {
  return Math.floor((at + (PERMANENT_DAYS - VOLUME_DAYS) * DAY_MS) / VOLUME_SLICE_MS);
}
