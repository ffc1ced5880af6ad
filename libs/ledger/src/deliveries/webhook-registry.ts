import { randomBytes } from 'node:crypto';
import type { DeliveryDatabase, DeliveryTables } from './delivery-tables.js';
import type { EventFilter } from './outgoing-event.js';

/** Endpoints of one service. */
export const MAX_WEBHOOKS = 100;

/** What is sent in place of the CloudEvent, for receivers that want something else: chats, SMS gateways. */
export interface BodyTemplate {
  readonly contentType: 'application/json' | 'application/x-www-form-urlencoded' | 'text/plain';
  /** `{{id}}`, `{{type}}`, `{{data.used}}` … are replaced by fields of the CloudEvent, escaped as the content type wants it. */
  readonly body: string;
}

/** An endpoint that events are delivered to, as it is shown: its secret is not. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly filter: EventFilter;
  readonly template?: BodyTemplate;
  readonly description?: string;
  readonly enabled: boolean;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
}

export type WebhookInput = Pick<Webhook, 'url'> &
  Partial<Pick<Webhook, 'filter' | 'template' | 'description' | 'enabled'>> & {
    /** Shared with the receiver; made where it is absent. */
    readonly secret?: string;
  };

type Row = DeliveryTables['webhooks'];

/** The webhooks that operators have set. */
export class WebhookRegistry {
  constructor(private readonly db: () => Promise<DeliveryDatabase>) {}

  /** Undefined: there are `MAX_WEBHOOKS` already. The secret is answered here and never again. */
  async create(
    input: WebhookInput,
    by: string,
  ): Promise<{ readonly webhook: Webhook; readonly secret: string } | undefined> {
    const db = await this.db();
    const { count } = await db
      .selectFrom('webhooks')
      .select(({ fn }) => fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_WEBHOOKS) return undefined;
    const secret = input.secret ?? newSecret();
    const row = {
      id: `wh_${randomBytes(12).toString('base64url')}`,
      created_by: by,
      ...rowOf(input),
      secret,
    };
    const written: Row = { ...row, created_at: row.updated_at };
    await db.insertInto('webhooks').values(written).execute();
    return { webhook: webhookOf(written), secret };
  }

  async list(): Promise<readonly Webhook[]> {
    const db = await this.db();
    return (await db.selectFrom('webhooks').selectAll().orderBy('created_at').orderBy('id').execute()).map(
      webhookOf,
    );
  }

  async get(id: string): Promise<Webhook | undefined> {
    const row = await this.#row(id);
    return row && webhookOf(row);
  }

  /** For the sender alone. */
  async target(id: string): Promise<(Webhook & { readonly secret: string }) | undefined> {
    const row = await this.#row(id);
    return row && { ...webhookOf(row), secret: row.secret };
  }

  /** Replaces all but the secret, and that where a new one is given or made (`rotateSecret`). */
  async replace(
    id: string,
    input: WebhookInput & { readonly rotateSecret?: boolean },
  ): Promise<{ readonly webhook: Webhook; readonly before: Webhook; readonly secret?: string } | undefined> {
    const before = await this.#row(id);
    if (before === undefined) return undefined;
    const secret = input.secret ?? (input.rotateSecret === true ? newSecret() : undefined);
    const row: Row = { ...before, ...rowOf(input), secret: secret ?? before.secret };
    const db = await this.db();
    await db.updateTable('webhooks').set(row).where('id', '=', id).execute();
    return { webhook: webhookOf(row), before: webhookOf(before), ...(secret !== undefined && { secret }) };
  }

  /** What was still to be delivered to it goes, too. */
  async remove(id: string): Promise<Webhook | undefined> {
    const before = await this.#row(id);
    if (before === undefined) return undefined;
    const db = await this.db();
    await db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('webhooks').where('id', '=', id).execute();
      await transaction.deleteFrom('deliveries').where('webhook_id', '=', id).execute();
    });
    return webhookOf(before);
  }

  async #row(id: string): Promise<Row | undefined> {
    const db = await this.db();
    return db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirst();
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function rowOf({ url, filter = {}, template, description, enabled = true }: WebhookInput) {
  return {
    url,
    filter: JSON.stringify(filter),
    template: template === undefined ? null : JSON.stringify(template),
    description: description ?? null,
    enabled: enabled ? 1 : 0,
    updated_at: Date.now(),
  };
}

function webhookOf(row: Row): Webhook {
  const { id, url, filter, template, description, enabled, created_at, created_by, updated_at } = row;
  return {
    id,
    url,
    filter: JSON.parse(filter) as EventFilter,
    ...(template !== null && { template: JSON.parse(template) as BodyTemplate }),
    ...(description !== null && { description }),
    enabled: Number(enabled) === 1,
    createdAt: new Date(Number(created_at)).toISOString(),
    createdBy: created_by,
    updatedAt: new Date(Number(updated_at)).toISOString(),
  };
}
