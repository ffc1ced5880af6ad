import { sql } from 'kysely';
import { clockOf, type DatabaseKind, type DeliveryDatabase, type DeliveryState } from './delivery-tables.js';

/** An event that is to be sent to a webhook, and that this node alone sends for now. */
export interface ClaimedDelivery {
  readonly id: number;
  readonly webhookId: string;
  readonly eventId: string;
  /** The CloudEvent as JSON. */
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  /** Since it was queued, in ms. */
  readonly ageMs: number;
}

/** What became of an attempt that failed: an HTTP status, or what failed before there was one. */
export interface DeliveryFailure {
  readonly status?: number;
  readonly error: string;
}

/** A delivery as operators see it. */
export interface ShownDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly type: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly createdAt: string;
  /** Of one that is pending. */
  readonly nextAttemptAt?: string;
  readonly finishedAt?: string;
  readonly lastStatus?: number;
  readonly lastError?: string;
}

export interface DeliveriesQuery {
  readonly webhookId?: string;
  readonly state?: DeliveryState;
  /** The `next` of the page before. */
  readonly before?: number;
  readonly limit: number;
}

/**
 * What is to be delivered, taken by one node at a time: a claim is made under row locks and lasts as long as its lease, so that
 * another node takes what a killed one has claimed. Of one webhook and subject only the oldest that is pending can be claimed.
 */
export class DeliveryQueue {
  constructor(
    private readonly db: () => Promise<DeliveryDatabase>,
    private readonly kind: DatabaseKind,
  ) {}

  /** Webhooks, of those that are enabled, for which something can be claimed. */
  async due(): Promise<readonly string[]> {
    const db = await this.db();
    const now = clockOf(this.kind);
    const rows = await db
      .selectFrom('deliveries as d')
      .innerJoin('webhooks as w', 'w.id', 'd.webhook_id')
      .select('d.webhook_id')
      .distinct()
      .where('d.state', '=', 'pending')
      .where('d.next_at', '<=', now)
      .where('d.claimed_until', '<=', now)
      .where('w.enabled', '=', 1)
      .execute();
    return rows.map(({ webhook_id }) => webhook_id);
  }

  async claim(
    webhookId: string,
    { node, limit, leaseMs }: { readonly node: string; readonly limit: number; readonly leaseMs: number },
  ): Promise<readonly ClaimedDelivery[]> {
    const db = await this.db();
    return db.transaction().execute(async (transaction) => {
      const now = clockOf(this.kind);
      let query = transaction
        .selectFrom('deliveries as d')
        .select(['d.id', 'd.seq', 'd.attempts', 'd.created_at'])
        .where('d.webhook_id', '=', webhookId)
        .where('d.state', '=', 'pending')
        .where('d.next_at', '<=', now)
        .where('d.claimed_until', '<=', now)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('deliveries as e')
                .select('e.id')
                .whereRef('e.webhook_id', '=', 'd.webhook_id')
                .whereRef('e.ordering_key', '=', 'd.ordering_key')
                .where('e.state', '=', 'pending')
                .whereRef('e.seq', '<', 'd.seq'),
            ),
          ),
        )
        .orderBy('d.seq')
        .limit(limit);
      if (this.kind === 'postgres') query = query.forUpdate().skipLocked();
      const rows = await query.execute();
      if (rows.length === 0) return [];
      const ids = rows.map(({ id }) => id);
      const claimed = await transaction
        .updateTable('deliveries')
        .set({
          claimed_by: node,
          claimed_until: sql<number>`${now} + ${leaseMs}`,
          attempts: sql<number>`attempts + 1`,
        })
        .where('id', 'in', ids)
        .returning(['id', 'seq', 'attempts', sql<number>`${now} - created_at`.as('age')])
        .execute();
      return this.#withEvents(transaction, webhookId, claimed);
    });
  }

  /** The receiver has it. */
  async delivered(id: number, node: string, status: number): Promise<void> {
    await this.#finish(id, node, { state: 'delivered', last_status: status, last_error: null });
  }

  /** It is tried again after so long. */
  async failed(id: number, node: string, failure: DeliveryFailure, delayMs: number): Promise<void> {
    const db = await this.db();
    await db
      .updateTable('deliveries')
      .set({
        ...{
          last_status: failure.status ?? null,
          last_error: failure.error,
          claimed_by: null,
          claimed_until: 0,
        },
        next_at: sql<number>`${clockOf(this.kind)} + ${Math.round(delayMs)}`,
      })
      .where('id', '=', id)
      .where('claimed_by', '=', node)
      .execute();
  }

  /** It is not tried again. */
  async died(id: number, node: string, failure: DeliveryFailure): Promise<void> {
    await this.#finish(id, node, {
      ...{ state: 'dead', last_status: failure.status ?? null, last_error: failure.error },
    });
  }

  /** The receiver answers again: what waits for a later attempt is tried now. */
  async hurry(webhookId: string): Promise<void> {
    const db = await this.db();
    const now = clockOf(this.kind);
    await db
      .updateTable('deliveries')
      .set({ next_at: now })
      .where('webhook_id', '=', webhookId)
      .where('state', '=', 'pending')
      .where('next_at', '>', now)
      .execute();
  }

  /** A dead letter is pending again, as if it were new. False where there is none of this id. */
  async resend(id: number): Promise<boolean> {
    const db = await this.db();
    const now = clockOf(this.kind);
    const { numUpdatedRows } = await db
      .updateTable('deliveries')
      .set({
        state: 'pending',
        attempts: 0,
        created_at: now,
        next_at: now,
        finished_at: null,
        claimed_until: 0,
      })
      .where('id', '=', id)
      .where('state', '=', 'dead')
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** Newest first. */
  async list({ webhookId, state, before, limit }: DeliveriesQuery): Promise<readonly ShownDelivery[]> {
    const db = await this.db();
    let query = db
      .selectFrom('deliveries as d')
      .innerJoin('outgoing_events as e', 'e.seq', 'd.seq')
      .selectAll('d')
      .select(['e.id as event_id', 'e.type']);
    if (webhookId !== undefined) query = query.where('d.webhook_id', '=', webhookId);
    if (state !== undefined) query = query.where('d.state', '=', state);
    if (before !== undefined) query = query.where('d.id', '<', before);
    return (await query.orderBy('d.id', 'desc').limit(limit).execute()).map(shownDelivery);
  }

  /** What has waited for longer than deliveries are tried, for a webhook that is turned off, dies; what is older than `keptMs` is forgotten. */
  async expire({ triedMs, keptMs }: { readonly triedMs: number; readonly keptMs: number }): Promise<void> {
    const db = await this.db();
    const now = clockOf(this.kind);
    await db
      .updateTable('deliveries')
      .set({ state: 'dead', last_error: 'the webhook was turned off', finished_at: now })
      .where('state', '=', 'pending')
      .where('created_at', '<', sql<number>`${now} - ${triedMs}`)
      .where('webhook_id', 'in', (select) =>
        select.selectFrom('webhooks as w').select('w.id').where('w.enabled', '=', 0),
      )
      .execute();
    await db
      .deleteFrom('deliveries')
      .where('state', '<>', 'pending')
      .where('finished_at', '<', sql<number>`${now} - ${keptMs}`)
      .execute();
  }

  async #finish(
    id: number,
    node: string,
    change: { state: DeliveryState; last_status: number | null; last_error: string | null },
  ): Promise<void> {
    const db = await this.db();
    await db
      .updateTable('deliveries')
      .set({ ...change, finished_at: clockOf(this.kind), claimed_by: null, claimed_until: 0 })
      .where('id', '=', id)
      .where('claimed_by', '=', node)
      .where('state', '=', 'pending')
      .execute();
  }

  async #withEvents(
    db: DeliveryDatabase,
    webhookId: string,
    claimed: readonly { id: number; seq: number; attempts: number; age: number }[],
  ): Promise<readonly ClaimedDelivery[]> {
    const events = await db
      .selectFrom('outgoing_events')
      .select(['seq', 'id', 'body'])
      .where(
        'seq',
        'in',
        claimed.map(({ seq }) => seq),
      )
      .execute();
    const bySeq = new Map(events.map((event) => [Number(event.seq), event]));
    return claimed
      .toSorted((a, b) => Number(a.seq) - Number(b.seq))
      .flatMap(({ id, seq, attempts, age }) => {
        const event = bySeq.get(Number(seq));
        if (event === undefined) return [];
        return {
          id: Number(id),
          webhookId,
          eventId: event.id,
          body: event.body,
          attempts,
          ageMs: Number(age),
        };
      });
  }
}

interface Row {
  readonly id: number;
  readonly webhook_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly created_at: number;
  readonly next_at: number;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly finished_at: number | null;
}

export function shownDelivery(row: Row): ShownDelivery {
  const { id, webhook_id, event_id, type, state, attempts, last_status, last_error, finished_at } = row;
  return {
    ...{ id: String(id), webhookId: webhook_id, eventId: event_id, type, state, attempts },
    createdAt: timeText(row.created_at),
    ...(state === 'pending' && { nextAttemptAt: timeText(row.next_at) }),
    ...(finished_at !== null && { finishedAt: timeText(finished_at) }),
    ...(last_status !== null && { lastStatus: last_status }),
    ...(last_error !== null && { lastError: last_error }),
  };
}

function timeText(at: number): string {
  return new Date(Number(at)).toISOString();
}
