import {
  type CreateTableBuilder,
  type Generated,
  type Kysely,
  type Migration,
  type RawBuilder,
  sql,
} from 'kysely';
import type { LedgerDatabase } from '../contract/ledger-database.js';

export type DatabaseKind = LedgerDatabase['kind'];
export type DeliveryDatabase = Kysely<DeliveryTables>;
export type DeliveryState = 'pending' | 'delivered' | 'dead';

/** Numbers of PostgreSQL's `bigint` may come as texts. */
export interface DeliveryTables {
  webhooks: {
    id: string;
    url: string;
    /** `EventFilter` as JSON. */
    filter: string;
    /** Sealed, where the service has a key for it; `headers` too. */
    secret: string;
    /** Names and values as JSON. */
    headers: string | null;
    /** Their names alone, as JSON. */
    header_names: string | null;
    /** `BodyTemplate` as JSON. */
    template: string | null;
    description: string | null;
    enabled: number;
    created_at: number;
    created_by: string;
    updated_at: number;
  };
  outgoing_events: {
    seq: Generated<number>;
    id: string;
    type: string;
    at: number;
    resource: string | null;
    rule: string | null;
    /** The CloudEvent; empty once only the id is remembered. */
    body: string;
    remember_until: number | null;
  };
  deliveries: {
    id: Generated<number>;
    webhook_id: string;
    seq: number;
    ordering_key: string;
    state: DeliveryState;
    attempts: number;
    created_at: number;
    next_at: number;
    /** Which node sends it, and until when no other one does. */
    claimed_by: string | null;
    claimed_until: number;
    /** What became of the last attempt: an HTTP status, or what failed. */
    last_status: number | null;
    last_error: string | null;
    finished_at: number | null;
  };
  /** Events that are made at a time that is known before. */
  event_timers: { key: string; at: number; event: string };
}

/** All nodes go by the database's clock where they share one. */
export function clockOf(kind: DatabaseKind): RawBuilder<number> {
  return kind === 'postgres'
    ? sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`
    : sql<number>`${Date.now()}`;
}

export function migrationsFor(kind: DatabaseKind): Readonly<Record<string, Migration>> {
  const up = async (db: Kysely<never>) => {
    await createWebhooks(db);
    await createEvents(db, kind);
    await createDeliveries(db, kind);
  };
  return { '2026-11-27-webhooks': { up }, '2026-11-27-webhooks-headers': { up: addHeaders } };
}

async function addHeaders(db: Kysely<never>): Promise<void> {
  for (const name of ['headers', 'header_names'])
    await db.schema.alterTable('webhooks').addColumn(name, 'text').execute();
}

async function createWebhooks(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('webhooks')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('filter', 'text', (column) => column.notNull())
    .addColumn('secret', 'text', (column) => column.notNull())
    .addColumn('template', 'text')
    .addColumn('description', 'text')
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function createEvents(db: Kysely<never>, kind: DatabaseKind): Promise<void> {
  await counted(db.schema.createTable('outgoing_events'), 'seq', kind)
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('resource', 'text')
    .addColumn('rule', 'text')
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('remember_until', 'bigint')
    .execute();
  await sql`create index outgoing_events_at on outgoing_events (at)`.execute(db);
  await db.schema
    .createTable('event_timers')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .execute();
  await sql`create index event_timers_at on event_timers (at)`.execute(db);
}

async function createDeliveries(db: Kysely<never>, kind: DatabaseKind): Promise<void> {
  await counted(db.schema.createTable('deliveries'), 'id', kind)
    .addColumn('webhook_id', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('ordering_key', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('next_at', 'bigint', (column) => column.notNull())
    .addColumn('claimed_by', 'text')
    .addColumn('claimed_until', 'bigint', (column) => column.notNull())
    .addColumn('last_status', 'integer')
    .addColumn('last_error', 'text')
    .addColumn('finished_at', 'bigint')
    .execute();
  const pending = (name: string, columns: string) =>
    sql`create index ${sql.raw(name)} on deliveries (${sql.raw(columns)}) where state = 'pending'`.execute(
      db,
    );
  await pending('deliveries_due', 'webhook_id, next_at');
  await pending('deliveries_in_order', 'webhook_id, ordering_key, seq');
  await sql`create index deliveries_of_webhook on deliveries (webhook_id, id)`.execute(db);
  await sql`create index deliveries_dead on deliveries (id) where state = 'dead'`.execute(db);
}

/** With a first column that counts its rows. */
function counted(table: CreateTableBuilder<string, never>, name: string, kind: DatabaseKind) {
  const any = table as CreateTableBuilder<string, string>;
  return kind === 'postgres'
    ? any.addColumn(name, 'bigserial', (column) => column.primaryKey())
    : any.addColumn(name, 'integer', (column) => column.primaryKey().autoIncrement());
}
