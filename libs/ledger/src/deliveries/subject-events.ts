import type { Subject } from '@sundial/contract';
import { sql, type RawBuilder } from 'kysely';
import { LedgerCursorError } from '../contract/ledger-errors.js';
import { attributeText } from '../blocks/hash.js';
import { type ShownDelivery, shownDelivery } from './delivery-queue.js';
import type { DatabaseKind, DeliveryDatabase } from './delivery-tables.js';
import { cloudEvent, type CloudEvent, KEPT_BODY, type OutgoingEvent } from './outgoing-event.js';

/** An event that names a subject, and what was and is to be delivered of it. */
export interface SubjectEvent {
  readonly event: CloudEvent;
  /** It is made at its `time`, which is to come. */
  readonly isDue: boolean;
  readonly deliveries: readonly ShownDelivery[];
}

export interface SubjectEventPage {
  readonly rows: readonly SubjectEvent[];
  /** Absent at the end. */
  readonly next?: string;
}

export interface DeletedSubjectEvents {
  readonly outgoingEvents: number;
  readonly deliveries: number;
}

/** A part of one of the tables; `at` is where an event stands in it. */
interface Found<Place> {
  readonly found: readonly { readonly at: Place; readonly event: CloudEvent }[];
  /** Where the next part begins. */
  readonly next?: Place;
}

interface Part<Place> {
  readonly after: Place;
  readonly limit: number;
}

/** Events that are deleted in one transaction. */
const AT_ONCE = 500;
/** What cursors begin with, in the order of the list. None of them is a cursor of the ledger's questions. */
const CURSOR = /^(made|due)-([\w-]*)$/;

/** The events, deliveries and timers about one subject: what privacy law asks for. Each question reads all events once. */
export class SubjectEvents {
  constructor(
    private readonly db: () => Promise<DeliveryDatabase>,
    private readonly kind: DatabaseKind,
  ) {}

  /** Those whose subject has all these attributes: first the made ones, the oldest first, then those that are due. */
  async list(
    subject: Subject,
    { cursor = 'made-0', limit }: { readonly cursor?: string; readonly limit: number },
  ): Promise<SubjectEventPage> {
    const [, list, after = ''] = CURSOR.exec(cursor) ?? [];
    if (list === undefined || (list === 'made' && !/^\d+$/.test(after))) throw new LedgerCursorError(cursor);
    const db = await this.db();
    const rows: SubjectEvent[] = [];
    if (list === 'made') {
      const { found, next } = await this.#made(db, subject, { after: Number(after), limit });
      rows.push(...(await withDeliveries(db, found)));
      if (next !== undefined) return { rows, next: `made-${next}` };
    }
    const key = list === 'due' ? Buffer.from(after, 'base64url').toString() : '';
    const due = await this.#due(db, subject, { after: key, limit: limit - rows.length });
    rows.push(...due.found.map(({ event }) => ({ event, isDue: true, deliveries: [] })));
    if (due.next === undefined) return { rows };
    return { rows, next: `due-${Buffer.from(due.next).toString('base64url')}` };
  }

  /** They are neither shown nor sent again. Of an event its id stays, so that its window makes no second one. */
  async remove(subject: Subject): Promise<DeletedSubjectEvents> {
    const db = await this.db();
    let [outgoingEvents, deliveries] = [0, 0];
    for (let after: number | undefined = 0; after !== undefined;) {
      const { found, next }: Found<number> = await this.#made(db, subject, { after, limit: AT_ONCE });
      outgoingEvents += found.length;
      deliveries += await forget(
        db,
        found.map(({ at }) => at),
      );
      after = next;
    }
    for (let after: string | undefined = ''; after !== undefined;) {
      const { found, next }: Found<string> = await this.#due(db, subject, { after, limit: AT_ONCE });
      const keys = found.map(({ at }) => at);
      if (keys.length > 0) await db.deleteFrom('event_timers').where('key', 'in', keys).execute();
      after = next;
    }
    return { outgoingEvents, deliveries };
  }

  async #made(
    db: DeliveryDatabase,
    subject: Subject,
    { after, limit }: Part<number>,
  ): Promise<Found<number>> {
    const rows = await db
      .selectFrom('outgoing_events')
      .select(['seq', 'body'])
      .where('body', '<>', KEPT_BODY)
      .where('seq', '>', after)
      .where(this.#names('body', subject))
      .orderBy('seq')
      .limit(limit)
      .execute();
    const found = rows
      .map(({ seq, body }) => ({ at: Number(seq), event: JSON.parse(body) as CloudEvent }))
      .filter(({ event }) => isOf(event, subject));
    const last = rows.length < limit ? undefined : rows.at(-1);
    return { found, ...(last && { next: Number(last.seq) }) };
  }

  async #due(db: DeliveryDatabase, subject: Subject, { after, limit }: Part<string>): Promise<Found<string>> {
    const rows = await db
      .selectFrom('event_timers')
      .select(['key', 'event'])
      .where('key', '>', after)
      .where(this.#names('event', subject))
      .orderBy('key')
      .limit(limit)
      .execute();
    const found = rows
      .map(({ key, event }) => ({ at: key, event: cloudEvent(JSON.parse(event) as OutgoingEvent) }))
      .filter(({ event }) => isOf(event, subject));
    const last = rows.length < limit ? undefined : rows.at(-1);
    return { found, ...(last && { next: last.key }) };
  }

  /** What JSON that names the subject holds; `isOf` tells whether it does. */
  #names(column: 'body' | 'event', subject: Subject): RawBuilder<boolean> {
    const position = sql.raw(this.kind === 'postgres' ? 'strpos' : 'instr');
    const texts = Object.entries(subject).map(([name, value]) => attributeText(name, value));
    return sql.join(
      texts.map((text) => sql`${position}(${sql.ref(column)}, ${text}) > 0`),
      sql` and `,
    );
  }
}

function isOf({ data }: CloudEvent, subject: Subject): boolean {
  const { subject: its } = data as { readonly subject?: unknown };
  if (typeof its !== 'object' || its === null) return false;
  return Object.entries(subject).every(([name, value]) => (its as Subject)[name] === value);
}

async function withDeliveries(
  db: DeliveryDatabase,
  found: Found<number>['found'],
): Promise<readonly SubjectEvent[]> {
  if (found.length === 0) return [];
  const rows = await db
    .selectFrom('deliveries as d')
    .innerJoin('outgoing_events as e', 'e.seq', 'd.seq')
    .selectAll('d')
    .select(['e.id as event_id', 'e.type'])
    .where(
      'd.seq',
      'in',
      found.map(({ at }) => at),
    )
    .orderBy('d.id')
    .execute();
  return found.map(({ at, event }) => ({
    ...{ event, isDue: false, deliveries: rows.filter(({ seq }) => Number(seq) === at).map(shownDelivery) },
  }));
}

/** Answers how many deliveries there were. */
async function forget(db: DeliveryDatabase, seqs: readonly number[]): Promise<number> {
  if (seqs.length === 0) return 0;
  return db.transaction().execute(async (transaction) => {
    const gone = await transaction.deleteFrom('deliveries').where('seq', 'in', seqs).executeTakeFirst();
    await transaction
      .updateTable('outgoing_events')
      .set({ body: KEPT_BODY, resource: null })
      .where('seq', 'in', seqs)
      .execute();
    return Number(gone.numDeletedRows);
  });
}
