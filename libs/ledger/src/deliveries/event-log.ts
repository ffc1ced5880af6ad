import { sql } from 'kysely';
import { clockOf, type DatabaseKind, type DeliveryDatabase } from './delivery-tables.js';
import {
  cloudEvent,
  type CloudEvent,
  type EventFilter,
  KEPT_BODY,
  orderingKey,
  type OutgoingEvent,
  passes,
} from './outgoing-event.js';

/** Of events that end at one instant, so many at once. */
const MAX_DUE = 100;
/** Serialises what appends: a reader that has seen an event has seen all before it. */
const APPEND_LOCK = 0x5d_15_e7_e4;

export interface EventPage {
  readonly events: readonly CloudEvent[];
  /** What to ask after next. */
  readonly next: string;
}

/** The events for other systems in the order in which they were kept, and with each what is to be delivered of it. */
export class EventLog {
  constructor(
    private readonly db: () => Promise<DeliveryDatabase>,
    private readonly kind: DatabaseKind,
  ) {}

  /** Keeps those whose ids are not known yet, and queues them for the webhooks that want them. Answers their ids. */
  async append(events: readonly OutgoingEvent[]): Promise<readonly string[]> {
    if (events.length === 0) return [];
    const db = await this.db();
    return db.transaction().execute((transaction) => this.#append(transaction, events));
  }

  /** Events after a cursor, oldest first; without one from the oldest that is kept. */
  async after(
    cursor: number | undefined,
    { types, resource, rule }: EventFilter,
    limit: number,
  ): Promise<EventPage> {
    const db = await this.db();
    let query = db
      .selectFrom('outgoing_events')
      .select(['seq', 'body'])
      .where('body', '<>', KEPT_BODY)
      .where('seq', '>', cursor ?? 0);
    if (types !== undefined) query = query.where('type', 'in', [...types]);
    if (resource !== undefined) query = query.where('resource', '=', resource);
    if (rule !== undefined) query = query.where('rule', '=', rule);
    const rows = await query.orderBy('seq').limit(limit).execute();
    const last = rows.at(-1)?.seq ?? cursor ?? 0;
    return { events: rows.map(({ body }) => JSON.parse(body) as CloudEvent), next: String(last) };
  }

  /** The cursor after the newest event. */
  async end(): Promise<number> {
    const db = await this.db();
    const row = await db
      .selectFrom('outgoing_events')
      .select(({ fn }) => fn.max('seq').as('last'))
      .executeTakeFirst();
    return Number(row?.last ?? 0);
  }

  /** Each event is made at its `at`, unless the timer of its key is set otherwise or cleared before. */
  async setTimers(timers: ReadonlyMap<string, OutgoingEvent>): Promise<void> {
    if (timers.size === 0) return;
    const db = await this.db();
    const rows = [...timers].map(([key, event]) => ({ key, at: event.at, event: JSON.stringify(event) }));
    await db
      .insertInto('event_timers')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet(({ ref }) => ({
          at: ref('excluded.at'),
          event: ref('excluded.event'),
        })),
      )
      .execute();
  }

  async clearTimers(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const db = await this.db();
    await db.deleteFrom('event_timers').where('key', 'in', keys).execute();
  }

  /** Appends what is due by this instant of the store's clock. Answers their ids. */
  async appendDue(now: number): Promise<readonly string[]> {
    const db = await this.db();
    return db.transaction().execute(async (transaction) => {
      let query = transaction.selectFrom('event_timers').selectAll().where('at', '<=', now);
      query = query.orderBy('at').limit(MAX_DUE);
      const due = await (this.kind === 'postgres' ? query.forUpdate().skipLocked() : query).execute();
      if (due.length === 0) return [];
      const keys = due.map(({ key }) => key);
      await transaction.deleteFrom('event_timers').where('key', 'in', keys).execute();
      return this.#append(
        transaction,
        due.map(({ event }) => JSON.parse(event) as OutgoingEvent),
      );
    });
  }

  /** Forgets events before an instant; of those whose window lasts longer only the id is kept. */
  async dropBefore(at: number, now: number): Promise<void> {
    const db = await this.db();
    await db.deleteFrom('outgoing_events').where('at', '<', at).where('remember_until', '<', now).execute();
    await db
      .updateTable('outgoing_events')
      .set({ body: KEPT_BODY, resource: null })
      .where('at', '<', at)
      .where('body', '<>', KEPT_BODY)
      .execute();
  }

  async #append(transaction: DeliveryDatabase, events: readonly OutgoingEvent[]): Promise<readonly string[]> {
    if (this.kind === 'postgres')
      await sql`select pg_advisory_xact_lock(${APPEND_LOCK})`.execute(transaction);
    const rows = events.map((event) => ({
      ...{ id: event.id, type: event.type, at: event.at, body: JSON.stringify(cloudEvent(event)) },
      ...{ resource: event.resource ?? null, rule: event.rule ?? null },
      remember_until: event.rememberUntil === undefined ? 0 : event.rememberUntil,
    }));
    const kept = await transaction
      .insertInto('outgoing_events')
      .values(rows)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning(['seq', 'id'])
      .execute();
    if (kept.length > 0)
      await this.#enqueue(transaction, events, new Map(kept.map(({ id, seq }) => [id, seq])));
    return kept.map(({ id }) => id);
  }

  async #enqueue(
    transaction: DeliveryDatabase,
    events: readonly OutgoingEvent[],
    seqs: ReadonlyMap<string, number>,
  ): Promise<void> {
    const webhooks = await transaction
      .selectFrom('webhooks')
      .select(['id', 'filter'])
      .where('enabled', '=', 1)
      .execute();
    const filters = webhooks.map(({ id, filter }) => ({ id, filter: JSON.parse(filter) as EventFilter }));
    const firstOf = new Map(events.toReversed().map((event) => [event.id, event]));
    const now = clockOf(this.kind);
    const deliveries = [...firstOf.values()].flatMap((event) => {
      const seq = seqs.get(event.id);
      if (seq === undefined) return [];
      return filters
        .filter(({ filter }) => passes(filter, event))
        .map(({ id }) => ({
          ...{ webhook_id: id, seq, ordering_key: orderingKey(event.subject) },
          ...{ state: 'pending' as const, attempts: 0, created_at: now, next_at: now, claimed_until: 0 },
        }));
    });
    deliveries.sort((a, b) => Number(a.seq) - Number(b.seq));
    if (deliveries.length > 0) await transaction.insertInto('deliveries').values(deliveries).execute();
  }
}
