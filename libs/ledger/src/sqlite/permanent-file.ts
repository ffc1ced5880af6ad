import { Kysely, SqliteDialect } from 'kysely';
import type Database from 'libsql';
import { join } from 'node:path';
import { BlockReader } from '../blocks/block-reader.js';
import type { Derived, NewBlock } from '../recording/ledger-store.js';
import type { OutageRow } from '../recording/outages.js';
import type { Subject } from '@sundial/contract';
import { PERMANENT_KINDS, type LedgerEvent } from '../contract/ledger-event.js';
import { matches } from '../questions/event-query.js';
import { attributeText } from '../blocks/hash.js';
import type { SubjectAttribute } from '../recording/subject-attributes.js';
import type { SubjectDay } from '../recording/subject-days.js';
import { DAY_MS, type WindowUsage } from '../recording/usage.js';
import { migrate } from '../tables/migrate.js';
import {
  createSubjects,
  createVolumes,
  oldestSlice,
  permanentMigrations,
  type PermanentTables,
} from '../tables/permanent-tables.js';
import { atomically, openSqlite } from './sqlite-file.js';
import { DAYS, OUTAGES, SUBJECTS, upsert, VOLUMES, WINDOWS } from './upserts.js';

const MIGRATIONS = {
  ...permanentMigrations('WITHOUT ROWID'),
  '002-subjects': {
    up: (db: Kysely<unknown>) => createSubjects(db, { keyed: 'WITHOUT ROWID', bytewise: '' }),
  },
  '003-volumes': { up: (db: Kysely<unknown>) => createVolumes(db, 'WITHOUT ROWID') },
};

interface Before {
  readonly derivedUpTo: number;
  readonly uncleanAt: number | null;
}

/** The file that days come and go beside: what is kept for 400 days, and the tables of other parts. */
export class PermanentFile {
  #forgotten: number | undefined;

  private constructor(
    readonly database: Database.Database,
    readonly kysely: Kysely<PermanentTables>,
  ) {}

  /** `migrates`: of the writer. The reader's tables are there, or it fails. */
  static async open(directory: string, { migrates }: { readonly migrates: boolean }): Promise<PermanentFile> {
    const database = openSqlite(join(directory, 'permanent.sqlite'));
    const kysely = new Kysely<PermanentTables>({ dialect: new SqliteDialect({ database }) });
    if (migrates) await migrate(kysely, 'ledger', MIGRATIONS);
    return new PermanentFile(database, kysely);
  }

  /** One process at a time writes here, and the name of its node may be another one than before: how far sums reach, and who ended without a word. */
  before(): Before {
    return this.database
      .prepare(
        'SELECT coalesce(max(derived_up_to), 0) AS derivedUpTo, max(CASE WHEN ended = 0 THEN flushed_at END) AS uncleanAt FROM ledger_nodes',
      )
      .get() as Before;
  }

  /** Marks that a process of this node writes, and no other one. */
  beginSession(node: string, session: string, now: number): void {
    const { derivedUpTo } = this.before();
    this.database.prepare('UPDATE ledger_nodes SET ended = 1').run();
    this.database
      .prepare(
        `INSERT INTO ledger_nodes VALUES (?, ?, ?, 0, 0, ?)
         ON CONFLICT (node) DO UPDATE SET session = excluded.session, flushed_at = excluded.flushed_at, batch = 0, ended = 0,
           derived_up_to = excluded.derived_up_to`,
      )
      .run(node, session, now, derivedUpTo);
  }

  markFlushed(node: string, now: number): void {
    this.database.prepare('UPDATE ledger_nodes SET flushed_at = ? WHERE node = ?').run(now, node);
  }

  markEnded(node: string): void {
    this.database.prepare('UPDATE ledger_nodes SET ended = 1 WHERE node = ?').run(node);
  }

  outages(node: string): readonly OutageRow[] {
    return this.database
      .prepare(
        'SELECT * FROM (SELECT * FROM ledger_outages WHERE node = ? ORDER BY started_at DESC LIMIT 100) ORDER BY started_at',
      )
      .all(node) as OutageRow[];
  }

  /** Keeps those rows that outlive their day; `after` is the position before the first of all. Again is no harm. */
  keep(node: string, blocks: readonly NewBlock[], after: number): void {
    let first = after + 1;
    for (const block of blocks) {
      if (block.isPermanent) this.#keep(node, block, first);
      first += block.rows;
    }
  }

  apply(node: string, { windows, days, subjects, outages, volumes, upTo }: Derived): void {
    atomically(this.database, () => {
      upsert(this.database, WINDOWS, [...windows].sort(byHash));
      upsert(this.database, DAYS, [...days].sort(byDay));
      upsert(this.database, SUBJECTS, [...subjects].sort(byValue));
      upsert(this.database, OUTAGES, outages);
      upsert(this.database, VOLUMES, volumes);
      this.database.prepare('UPDATE ledger_nodes SET derived_up_to = ? WHERE node = ?').run(upTo, node);
    });
  }

  /** Drops what is older; once a day, since it reads all of it. */
  forgetBefore(at: number): void {
    const day = Math.floor(at / DAY_MS);
    if (day === this.#forgotten) return;
    this.#forgotten = day;
    this.database.prepare('DELETE FROM ledger_permanent WHERE at < ?').run(at);
    this.database.prepare('DELETE FROM ledger_outages WHERE started_at < ?').run(at);
    this.database.prepare('DELETE FROM ledger_subject_days WHERE day + span <= ?').run(day);
    this.database.prepare('DELETE FROM ledger_windows WHERE seen_at < ?').run(at);
    this.database.prepare('DELETE FROM ledger_subjects WHERE seen_at < ?').run(at);
    this.database.prepare('DELETE FROM ledger_volumes WHERE slice < ?').run(oldestSlice(at));
  }

  /** Deletes the sums of a subject, and the permanent rows about it. */
  deleteSubject(subject: Subject): number {
    const conditions = Object.entries(subject).map(([name, value]) => attributeText(name, value));
    const where = conditions.map(() => 'instr(subject, ?) > 0').join(' AND ') || 'true';
    return atomically(this.database, () => {
      const { changes } = this.database.prepare(`DELETE FROM ledger_windows WHERE ${where}`).run(conditions);
      this.database.prepare(`DELETE FROM ledger_subject_days WHERE ${where}`).run(conditions);
      this.database.prepare(`DELETE FROM ledger_subjects WHERE ${where}`).run(conditions);
      const permanent = this.database.prepare('SELECT seq, row FROM ledger_permanent').all() as {
        seq: number;
        row: string;
      }[];
      for (const { seq, row } of permanent) {
        const event = JSON.parse(row) as LedgerEvent;
        if (event.subject && matches({ subject, order: 'oldest', limit: 0 }, event)) {
          this.database.prepare('DELETE FROM ledger_permanent WHERE seq = ?').run(seq);
        }
      }
      return changes;
    });
  }

  close(): void {
    this.database.close();
  }

  #keep(node: string, block: NewBlock, first: number): void {
    const insert = this.database.prepare(
      'INSERT OR IGNORE INTO ledger_permanent VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    atomically(this.database, () => {
      const records = new BlockReader(block);
      for (let seq = first; records.next(); seq += 1) {
        if (records.shape) continue;
        const { at, kind, outcome, actor = null, data } = records.event();
        if (!PERMANENT_KINDS.has(kind)) continue;
        insert.run(seq, at, node, kind, outcome, actor, data?.target ?? null, records.json());
      }
    });
  }
}

/** Rows in the order of their keys touch each page once. */
function byHash(one: WindowUsage, other: WindowUsage): number {
  return one.subject_hash - other.subject_hash;
}

function byDay(one: SubjectDay, other: SubjectDay): number {
  if (one.span !== other.span) return one.span - other.span;
  if (one.day !== other.day) return one.day - other.day;
  if (one.resource !== other.resource) return one.resource < other.resource ? -1 : 1;
  return one.subject_hash - other.subject_hash;
}

function byValue(one: SubjectAttribute, other: SubjectAttribute): number {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return one.value < other.value ? -1 : 1;
}
