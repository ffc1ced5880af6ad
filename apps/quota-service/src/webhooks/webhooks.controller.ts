import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Req } from '@nestjs/common';
import { QuotaError, said } from '@sundial/contract';
import { QuotaEngine } from '@sundial/engine';
import {
  cloudEvent,
  MAX_WEBHOOKS,
  type ShownDelivery,
  UnreadableSecretError,
  type Webhook,
  type WebhookTarget,
} from '@sundial/ledger';
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonIn, reasonInQuery } from '../admin/reason.js';
import { Deliveries } from '../events/deliveries.js';
import { Describe } from '../http/openapi/describe.js';
import { Problem } from '../http/problems/problem.js';
import { Route } from '../http/routes/route.decorator.js';
import { parseDeliveriesQuery, pageOf } from './deliveries-query.js';
import { DeliveryAttempt } from './delivery-attempt.js';
import { RefusedAddressError } from './sending/address-guard.js';
import { readWebhook } from './webhook-request.js';
import {
  CREATE_WEBHOOK,
  DELETE_WEBHOOK,
  GET_WEBHOOK,
  LIST_DELIVERIES,
  LIST_WEBHOOKS,
  REPLACE_WEBHOOK,
  TEST_WEBHOOK,
} from './webhooks.docs.js';

interface WebhookWritten {
  readonly webhook: Webhook;
  readonly secret?: string;
}

interface WebhookTested {
  readonly delivered: boolean;
  readonly status?: number;
  readonly error?: string;
}

/** Operators say where events go. */
@Controller('admin/webhooks')
export class WebhooksController {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly attempt: DeliveryAttempt,
    private readonly writes: AdminWrites,
    private readonly engine: QuotaEngine,
  ) {}

  @Get()
  @Describe(LIST_WEBHOOKS)
  @Route({ access: 'admin', role: 'viewer' })
  async list(@Req() { role }: FastifyRequest): Promise<{ readonly webhooks: readonly Webhook[] }> {
    const webhooks = await this.deliveries.ask((store) => store.webhooks.list());
    return { webhooks: webhooks.map((webhook) => shownTo(role, webhook)) };
  }

  @Post()
  @Describe(CREATE_WEBHOOK)
  @Route({ access: 'admin' })
  async create(@Body() body: unknown, @Req() request: FastifyRequest): Promise<WebhookWritten> {
    this.writes.assertReason(reasonIn(body));
    const { reason, rotateSecret: _rotate, ...input } = readWebhook(body);
    await this.#assertReachable(input.url);
    const created = await this.deliveries.ask(({ webhooks }) => webhooks.create(input, request.actor));
    if (created === undefined)
      throw new Problem(
        'too-many-webhooks',
        `There are ${MAX_WEBHOOKS} webhooks, as many as there can be: delete one.`,
      );
    const { webhook } = created;
    this.writes.record(request, {
      ...{ action: 'webhook-created', target: { id: webhook.id }, reason, after: withoutPath(webhook) },
    });
    return created;
  }

  @Get(':id')
  @Describe(GET_WEBHOOK)
  @Route({ access: 'admin', role: 'viewer' })
  async get(@Param('id') id: string, @Req() { role }: FastifyRequest): Promise<Webhook> {
    return shownTo(role, found(id, await this.deliveries.ask(({ webhooks }) => webhooks.get(id))));
  }

  @Put(':id')
  @Describe(REPLACE_WEBHOOK)
  @Route({ access: 'admin' })
  async replace(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<WebhookWritten> {
    this.writes.assertReason(reasonIn(body));
    const { reason, ...input } = readWebhook(body);
    await this.#assertReachable(input.url);
    const known = found(id, await this.deliveries.ask(({ webhooks }) => webhooks.get(id)));
    if (input.headers === undefined) assertSameHost(known, input.url);
    const written = found(id, await this.deliveries.ask(({ webhooks }) => webhooks.replace(id, input)));
    const { before, webhook, secret } = written;
    this.writes.record(request, {
      ...{ action: 'webhook-changed', target: { id }, reason },
      ...{ before: withoutPath(before), after: withoutPath(webhook) },
      outcome: { secretChanged: secret !== undefined, headersChanged: input.headers !== undefined },
    });
    return { webhook, ...(secret !== undefined && { secret }) };
  }

  @Delete(':id')
  @Describe(DELETE_WEBHOOK)
  @Route({ access: 'admin' })
  async remove(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<{ readonly webhook: Webhook }> {
    const reason = reasonInQuery(request.url);
    this.writes.assertReason(reason);
    const webhook = found(id, await this.deliveries.ask(({ webhooks }) => webhooks.remove(id)));
    this.writes.record(request, {
      ...{ action: 'webhook-deleted', target: { id }, reason, before: withoutPath(webhook) },
    });
    return { webhook };
  }

  /** At once and once, by the way that deliveries take. */
  @Post(':id/test')
  @HttpCode(200)
  @Describe(TEST_WEBHOOK)
  @Route({ access: 'admin', role: 'operator' })
  async test(@Param('id') id: string, @Req() { actor }: FastifyRequest): Promise<WebhookTested> {
    const target = await this.#targetOf(id);
    if (target === undefined) return { delivered: false, error: 'secret-unreadable' };
    const event = cloudEvent({
      ...{ id: randomUUID(), type: 'test', at: Math.round(this.engine.now()), subject: `webhooks/${id}` },
      data: { webhook: id, sentBy: actor },
    });
    const result = await this.attempt.send(target, JSON.stringify(event));
    if (result.outcome === 'failed') return { delivered: false, error: result.error };
    const { status } = result;
    return { delivered: status >= 200 && status < 300, status };
  }

  @Get(':id/deliveries')
  @Describe(LIST_DELIVERIES)
  @Route({ access: 'admin', role: 'viewer' })
  async listDeliveries(
    @Param('id') webhookId: string,
    @Req() { url }: FastifyRequest,
  ): Promise<{ readonly deliveries: readonly ShownDelivery[]; readonly next?: string }> {
    const query = parseDeliveriesQuery(url, ['state']);
    found(webhookId, await this.deliveries.ask(({ webhooks }) => webhooks.get(webhookId)));
    return pageOf(await this.deliveries.ask(({ queue }) => queue.list({ webhookId, ...query })), query);
  }

  /** Undefined where this node has not the key of its secret. */
  async #targetOf(id: string): Promise<WebhookTarget | undefined> {
    try {
      return found(id, await this.deliveries.ask(({ webhooks }) => webhooks.target(id)));
    } catch (error) {
      if (error instanceof UnreadableSecretError) return undefined;
      throw error;
    }
  }

  /** As far as it can be known now: every connection is judged again. */
  async #assertReachable(url: string): Promise<void> {
    const { protocol, hostname } = new URL(url);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    try {
      await this.attempt.guard.addressesOf(host, { isPlain: protocol === 'http:' });
    } catch (error) {
      // A name that is not known yet may be later.
      if (!(error instanceof RefusedAddressError)) return;
      throw QuotaError.invalid('invalid-request', [
        { path: 'url', ...said('webhook-url-refused', { why: error.message }) },
      ]);
    }
  }
}

function found<T>(id: string, known: T | undefined): T {
  if (known !== undefined) return known;
  throw new Problem(
    'webhook-not-found',
    `There is no webhook ${JSON.stringify(id.slice(0, 64))}: see GET /admin/webhooks.`,
  );
}

/** Headers are a secret between the service and one receiver. */
function assertSameHost({ url, headerNames }: Webhook, next: string): void {
  if (headerNames === undefined || new URL(url).origin === new URL(next).origin) return;
  throw QuotaError.invalid('invalid-request', [
    { path: 'headers', ...said('webhook-headers-host', { host: new URL(url).host }) },
  ]);
}

/** What follows the host is often a token: only an admin, who could change it, sees it. */
function shownTo(role: FastifyRequest['role'], webhook: Webhook): Webhook {
  return role === 'admin' ? webhook : { ...webhook, url: `${new URL(webhook.url).origin}/…` };
}

/** For logs and the ledger: what follows the host is often a token. */
function withoutPath({ url, ...webhook }: Webhook): object {
  return { ...webhook, url: new URL(url).origin };
}
