import { randomBytes } from 'node:crypto';
import type { DeliveryDatabase, DeliveryTables } from './delivery-tables.js';
import type { EventFilter } from './outgoing-event.js';
import type { SecretBox } from './secret-box.js';

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
  /** Names of the headers that are sent along; their values are secrets. */
  readonly headerNames?: readonly string[];
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
    /** Sent with each request, such as `authorization`; kept as secret as the secret. */
    readonly headers?: Headers;
  };

type Headers = Readonly<Record<string, string>>;

/** What the sender alone is answered. */
export type WebhookTarget = Webhook & { readonly secret: string; readonly headers: Headers };

type Row = DeliveryTables['webhooks'];

/** The webhooks that operators have set. */
export class WebhookRegistry {
  constructor(
    private readonly db: () => Promise<DeliveryDatabase>,
    private readonly box: SecretBox,
  ) {}

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
    const id = `wh_${randomBytes(12).toString('base64url')}`;
    const row = {
      ...{ id, created_by: by },
      ...rowOf(input),
      secret: this.box.seal(secret, id),
      ...this.#headersOf(id, input.headers ?? {}),
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

  /** For the sender alone. @throws UnreadableSecretError */
  async target(id: string): Promise<WebhookTarget | undefined> {
    const row = await this.#row(id);
    if (row === undefined) return undefined;
    const headers = row.headers === null ? {} : (JSON.parse(this.box.open(row.headers, id)) as Headers);
    return { ...webhookOf(row), secret: this.box.open(row.secret, id), headers };
  }

  /** Replaces all but the secret and the headers, and those where new ones are given or made (`rotateSecret`). */
  async replace(
    id: string,
    input: WebhookInput & { readonly rotateSecret?: boolean },
  ): Promise<{ readonly webhook: Webhook; readonly before: Webhook; readonly secret?: string } | undefined> {
    const before = await this.#row(id);
    if (before === undefined) return undefined;
    const secret = input.secret ?? (input.rotateSecret === true ? newSecret() : undefined);
    const row: Row = {
      ...before,
      ...rowOf(input),
      ...(secret !== undefined && { secret: this.box.seal(secret, id) }),
      ...(input.headers && this.#headersOf(id, input.headers)),
    };
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

  #headersOf(id: string, headers: Headers): Pick<Row, 'headers' | 'header_names'> {
    const names = Object.keys(headers);
    if (names.length === 0) return { headers: null, header_names: null };
    return { headers: this.box.seal(JSON.stringify(headers), id), header_names: JSON.stringify(names) };
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
  const { header_names } = row;
  return {
    id,
    url,
    filter: JSON.parse(filter) as EventFilter,
    ...(template !== null && { template: JSON.parse(template) as BodyTemplate }),
    ...(header_names !== null && { headerNames: JSON.parse(header_names) as string[] }),
    ...(description !== null && { description }),
    enabled: Number(enabled) === 1,
    createdAt: new Date(Number(created_at)).toISOString(),
    createdBy: created_by,
    updatedAt: new Date(Number(updated_at)).toISOString(),
  };
}
