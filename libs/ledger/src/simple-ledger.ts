import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import type { LedgerEvent, RecordedEvent } from './ledger-event.js';
import type { Ledger, LedgerSettings, LedgerStatus } from './ledger.js';
import type { LedgerPage, LedgerQuestions, LedgerRows } from './ledger-questions.js';

interface Row {
  seq: number;
  at: number;
  kind: string;
  node: string;
  event: string;
}
interface Tables {
  ledger_events: Row;
}
type Keep = (event: RecordedEvent) => boolean;

/** Everything in one table and on the main thread: it works, and is replaced by what the issue asks for. */
export class SimpleLedger implements Ledger {
  #queue: LedgerEvent[] = [];
  #written = 0;
  #lost = 0;
  #writing: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  private constructor(
    private readonly settings: LedgerSettings,
    private readonly kind: 'sqlite' | 'postgres',
    private readonly db: Kysely<Tables>,
  ) {
    this.#timer = setInterval(() => void this.flush(), settings.flushEveryMs ?? 500).unref();
  }

  static async open(
    settings: LedgerSettings,
    kind: 'sqlite' | 'postgres',
    db: Kysely<never>,
  ): Promise<Ledger> {
    const seq = kind === 'sqlite' ? 'integer primary key' : 'bigserial primary key';
    await sql`create table if not exists ledger_events (seq ${sql.raw(seq)}, at bigint, kind text, node text, event text)`.execute(
      db,
    );
    return new SimpleLedger(settings, kind, db as unknown as Kysely<Tables>);
  }

  record(event: LedgerEvent): void {
    if (this.#queue.length < 50_000) this.#queue.push(event);
    else this.#lost += 1;
  }

  readonly database = {
    kind: this.kind,
    open: async <T>(part: string, migrations: Readonly<Record<string, Migration>>): Promise<Kysely<T>> => {
      const migrator = new Migrator({
        db: this.db,
        provider: { getMigrations: () => Promise.resolve(migrations) },
        migrationTableName: `${part}_migrations`,
        migrationLockTableName: `${part}_migrations_lock`,
      });
      const { error } = await migrator.migrateToLatest();
      if (error) throw error;
      return this.db as unknown as Kysely<T>;
    },
  };

  readonly questions: LedgerQuestions = {
    operation: async (id) => (await this.#all((event) => event.operationId === id)).reverse(),
    decisions: ({ resource, subject, outcome, node, from = 0, to = Infinity } = {}, page = {}) =>
      this.#page(page, (event) => {
        if (!['check', 'reserve', 'extend'].includes(event.kind) || event.at < from || event.at >= to)
          return false;
        if (resource !== undefined && event.resource !== resource) return false;
        if (node !== undefined && event.node !== node) return false;
        if (subject && !has(event, subject)) return false;
        const { degraded, replayed, reason } = event.data ?? {};
        const outcomes = [event.outcome, reason, degraded ? 'degraded' : '', replayed ? 'replayed' : ''];
        return outcome === undefined || outcomes.includes(outcome);
      }),
    audit: ({ actor, action, target, from = 0, to = Infinity } = {}, page = {}) =>
      this.#page(page, (event) => {
        if (!['admin', 'control'].includes(event.kind) || event.at < from || event.at >= to) return false;
        if (actor !== undefined && event.actor !== actor) return false;
        if (target !== undefined && event.data?.target !== target) return false;
        return action === undefined || event.outcome === action;
      }),
    events: ({ kinds, resource, subject, node, from = 0, to = Infinity } = {}, page = {}) =>
      this.#page(page, (event) => {
        if (event.at < from || event.at >= to || (kinds && !kinds.includes(event.kind))) return false;
        if (node !== undefined && event.node !== node) return false;
        return (resource === undefined || event.resource === resource) && (!subject || has(event, subject));
      }),
    usageHistory: () => Promise.resolve({ rows: [] }),
    top: () => Promise.resolve({ rows: [] }),
    outages: () => Promise.resolve({ rows: [] }),
    affected: () => Promise.resolve({ rows: [] }),
    exportSubject: (subject, page = {}) =>
      this.#page({ order: 'oldest', ...page }, (event) => has(event, subject)),
    deleteSubject: async (subject) => {
      const found = await this.#all((event) => has(event, subject));
      for (const { id } of found)
        await this.db.deleteFrom('ledger_events').where('seq', '=', Number(id)).execute();
      return { events: found.length, windows: 0 };
    },
    nodes: async () => {
      const rows = await this.db.selectFrom('ledger_events').select('node').distinct().execute();
      return [...new Set([this.settings.node, ...rows.map(({ node }) => node)])].sort();
    },
  };

  status(): LedgerStatus {
    const covers = this.kind === 'sqlite' ? 'this node' : 'all nodes';
    return {
      store: this.kind,
      covers,
      queued: this.#queue.length,
      written: this.#written,
      lost: this.#lost,
      findings: [],
    };
  }

  flush(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const events = this.#queue.splice(0, 2_000);
      if (events.length === 0) return;
      const rows = events.map((event) => ({
        at: event.at,
        kind: event.kind,
        node: this.settings.node,
        event: JSON.stringify(event),
      }));
      await this.db
        .insertInto('ledger_events')
        .values(rows as never)
        .execute();
      this.#written += events.length;
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#queue.length > 0) await this.flush();
    await this.#writing;
    await this.db.destroy();
  }

  async #all(keep: Keep, order: 'asc' | 'desc' = 'desc'): Promise<RecordedEvent[]> {
    const rows = await this.db.selectFrom('ledger_events').selectAll().orderBy('seq', order).execute();
    return rows.map(recorded).filter(keep);
  }

  async #page(
    { cursor, limit = 100, order = 'newest' }: LedgerPage,
    keep: Keep,
  ): Promise<LedgerRows<RecordedEvent>> {
    const all = await this.#all(keep, order === 'newest' ? 'desc' : 'asc');
    const rows = all
      .filter(({ id }) => !cursor || (order === 'newest' ? id < cursor : id > cursor))
      .slice(0, limit);
    const last = rows.at(-1)?.id ?? cursor;
    return {
      rows,
      ...(last !== undefined && (rows.length === limit || order === 'oldest') && { next: last }),
    };
  }
}

function recorded({ seq, node, event }: Row): RecordedEvent {
  return { count: 1, ...(JSON.parse(event) as LedgerEvent), id: String(seq).padStart(16, '0'), node };
}

function has({ subject = {} }: RecordedEvent, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => subject[name] === value);
}
