import { sql } from 'kysely';
import type { LedgerDatabase } from '../contract/ledger-database.js';
import { clockOf } from '../deliveries/delivery-tables.js';
import { ALARM_MIGRATIONS, type AlarmDatabase } from './alarm-tables.js';

/** What a node counted in an interval. */
export interface KeptTally {
  readonly node: string;
  readonly second: number;
  /** By the database's clock. */
  readonly at: number;
  readonly tally: string;
}

export interface AlarmLease {
  readonly isMine: boolean;
  /** The database's clock. */
  readonly now: number;
}

const LEASE = 'patterns';
const CLOCK = clockOf('postgres');

/**
 * What the nodes of one PostgreSQL database know together about alarms: what each of them counted, which of them judges it, and the incidents
 * that are not over. Every change is one statement, so that nodes that race agree.
 */
export class AlarmStore {
  #opened: Promise<AlarmDatabase> | undefined;

  constructor(private readonly database: LedgerDatabase) {}

  /** Repeated for the same second of a node it replaces what it said. */
  async report(node: string, second: number, tally: string): Promise<void> {
    const db = await this.#open();
    await db
      .insertInto('alarm_tallies')
      .values({ node, second, at: CLOCK, tally })
      .onConflict((conflict) => conflict.columns(['node', 'second']).doUpdateSet({ tally }))
      .execute();
  }

  /** Takes the lease where no node holds it any more, and renews it where the holder asks. */
  async lease(holder: string, leaseMs: number): Promise<AlarmLease> {
    const db = await this.#open();
    const held_until = sql<number>`${CLOCK} + ${leaseMs}`;
    const taken = await db
      .insertInto('alarm_lease')
      .values({ name: LEASE, holder, held_until })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ holder, held_until })
          .where(({ eb, or }) =>
            or([eb('alarm_lease.holder', '=', holder), eb('alarm_lease.held_until', '<', CLOCK)]),
          ),
      )
      .returning(CLOCK.as('now'))
      .executeTakeFirst();
    return { isMine: taken !== undefined, now: Number(taken?.now ?? 0) };
  }

  /** In their order, from an instant up to before another. */
  async tallies(from: number, to: number): Promise<readonly KeptTally[]> {
    const db = await this.#open();
    const rows = await db
      .selectFrom('alarm_tallies')
      .selectAll()
      .where('at', '>=', from)
      .where('at', '<', to)
      .orderBy('at')
      .execute();
    return rows.map(({ node, second, at, tally }) => ({
      ...{ node, tally },
      ...{ second: Number(second), at: Number(at) },
    }));
  }

  async forget(before: number): Promise<void> {
    const db = await this.#open();
    await db.deleteFrom('alarm_tallies').where('at', '<', before).execute();
  }

  /** By their keys, as JSON. */
  async incidents(): Promise<ReadonlyMap<string, string>> {
    const db = await this.#open();
    const rows = await db.selectFrom('alarm_incidents').selectAll().execute();
    return new Map(rows.map(({ key, alarm }) => [key, alarm]));
  }

  /** False where it has begun already. */
  async begin(key: string, alarm: string): Promise<boolean> {
    const db = await this.#open();
    const begun = await db
      .insertInto('alarm_incidents')
      .values({ key, alarm })
      .onConflict((conflict) => conflict.doNothing())
      .returning('key')
      .executeTakeFirst();
    return begun !== undefined;
  }

  /** False where it is over already. */
  async end(key: string): Promise<boolean> {
    const db = await this.#open();
    const ended = await db
      .deleteFrom('alarm_incidents')
      .where('key', '=', key)
      .returning('key')
      .executeTakeFirst();
    return ended !== undefined;
  }

  /** Once it is open it stays so; while the database is away every call tries again. */
  #open(): Promise<AlarmDatabase> {
    this.#opened ??= this.database.open('alarms', ALARM_MIGRATIONS);
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }
}
