import { type Kysely, type Migration, sql } from 'kysely';

export type AlarmDatabase = Kysely<AlarmTables>;

/** Numbers of PostgreSQL's `bigint` may come as texts. */
interface AlarmTables {
  alarm_tallies: {
    node: string;
    /** Tells the node's rows apart, and grows. */
    number: number;
    /** When it was written, by the database's clock. */
    at: number;
    /** What the node counted, as JSON. */
    tally: string;
  };
  /** A row for what one process at a time does: which one does it, and until when no other one does. */
  alarm_lease: { name: string; holder: string; held_until: number };
  /** What was raised, until it is over and that was sent. */
  alarm_incidents: {
    /** Of what holds: its pattern and channel; of what is over, followed by the id of the alarm. */
    key: string;
    /** Of the alarm. */
    id: string;
    alarm: string;
    /** 1: that it was raised has been sent. */
    announced: number;
  };
}

export const ALARM_MIGRATIONS: Readonly<Record<string, Migration>> = {
  '2026-11-27-alarms': { up: createTables },
  '2026-11-27-alarms-announced': { up: addAnnounced },
};

async function createTables(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('alarm_tallies')
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('second', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('tally', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('alarm_tallies_key', ['node', 'second'])
    .execute();
  await sql`create index alarm_tallies_at on alarm_tallies (at)`.execute(db);
  await db.schema
    .createTable('alarm_lease')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('held_until', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('alarm_incidents')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('alarm', 'text', (column) => column.notNull())
    .execute();
}

/** What is there already counts as sent. */
async function addAnnounced(db: Kysely<never>): Promise<void> {
  await sql`alter table alarm_tallies rename column second to number`.execute(db);
  await sql`alter table alarm_incidents add column id text not null default '', add column announced integer not null default 1`.execute(
    db,
  );
}
