import { sql } from 'kysely';
import type { LedgerDatabase } from '../contract/ledger-database.js';
import { clockOf } from '../deliveries/delivery-tables.js';
import { ALARM_MIGRATIONS, type AlarmDatabase } from './alarm-tables.js';

/** What a node counted in an interval. */
export interface KeptTally {
  readonly node: string;
  /** Tells the node's rows apart. */
  readonly number: number;
  /** By the database's clock. */
  readonly at: number;
  readonly tally: string;
}

export interface AlarmLease {
  readonly isMine: boolean;
  /** The database's clock. */
  readonly now: number;
}

/** An alarm as JSON, and its id. */
interface AlarmText {
  readonly id: string;
  readonly alarm: string;
}

/** What one node at a time does: judging the patterns, and comparing counters with the ledger. */
type LeaseName = 'patterns' | 'comparison';

export interface KeptIncident {
  readonly key: string;
  /** As JSON. */
  readonly alarm: string;
  /** That it was raised has been sent. */
  readonly isAnnounced: boolean;
}

const CLOCK = clockOf('postgres');

/**
 * What the nodes of one PostgreSQL database know together about alarms: what each of them counted, which of them judges it, and the incidents
 * that are not over. Every change is one statement, so that nodes that race agree.
 */
export class AlarmStore {
  #opened: Promise<AlarmDatabase> | undefined;

  constructor(private readonly database: LedgerDatabase) {}

  async report(node: string, number: number, tally: string): Promise<void> {
    const db = await this.#open();
    await db.insertInto('alarm_tallies').values({ node, number, at: CLOCK, tally }).execute();
  }

  /** Takes the lease where no node holds it any more, and renews it where the holder asks. */
  async lease(name: LeaseName, holder: string, leaseMs: number): Promise<AlarmLease> {
    const db = await this.#open();
    const held_until = sql<number>`${CLOCK} + ${leaseMs}`;
    const taken = await db
      .insertInto('alarm_lease')
      .values({ name, holder, held_until })
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

  /** Another node may judge from now on. */
  async release(holder: string): Promise<void> {
    const db = await this.#open();
    await db.deleteFrom('alarm_lease').where('holder', '=', holder).execute();
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
    return rows.map(({ node, number, at, tally }) => ({
      ...{ node, tally },
      ...{ number: Number(number), at: Number(at) },
    }));
  }

  async forget(before: number): Promise<void> {
    const db = await this.#open();
    await db.deleteFrom('alarm_tallies').where('at', '<', before).execute();
  }

  /** What holds, and what is over and not sent. */
  async incidents(): Promise<readonly KeptIncident[]> {
    const db = await this.#open();
    const rows = await db.selectFrom('alarm_incidents').selectAll().execute();
    return rows.map(({ key, alarm, announced }) => ({ key, alarm, isAnnounced: Number(announced) === 1 }));
  }

  /** False where it has begun already. */
  async begin(key: string, { id, alarm }: AlarmText): Promise<boolean> {
    const db = await this.#open();
    const begun = await db
      .insertInto('alarm_incidents')
      .values({ key, id, alarm, announced: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .returning('key')
      .executeTakeFirst();
    return begun !== undefined;
  }

  /** It is over, and may begin again; it is kept until `forgetIncident`. False where it was over already. */
  async end(key: string, { id, alarm }: AlarmText): Promise<boolean> {
    const db = await this.#open();
    const ended = await db
      .updateTable('alarm_incidents')
      .set({ key: `${key} ${id}`, id, alarm })
      .where('key', '=', key)
      .returning('key')
      .executeTakeFirst();
    return ended !== undefined;
  }

  /** That it was raised has been sent. */
  async announced(id: string): Promise<void> {
    const db = await this.#open();
    await db.updateTable('alarm_incidents').set({ announced: 1 }).where('id', '=', id).execute();
  }

  /** That it is over has been sent. */
  async forgetIncident(id: string): Promise<void> {
    const db = await this.#open();
    await db.deleteFrom('alarm_incidents').where('id', '=', id).execute();
  }

  /** Once it is open it stays so; while the database is away every call tries again. */
  #open(): Promise<AlarmDatabase> {
    this.#opened ??= this.database.open('alarms', ALARM_MIGRATIONS);
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }
}
