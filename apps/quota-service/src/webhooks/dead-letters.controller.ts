import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { ShownDelivery } from '@sundial/ledger';
import type { FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonInQuery } from '../admin/reason.js';
import { Deliveries } from '../events/deliveries.js';
import { Describe } from '../http/openapi/describe.js';
import { Problem } from '../http/problems/problem.js';
import { Route } from '../http/routes/route.decorator.js';
import { pageOf, parseDeliveriesQuery } from './deliveries-query.js';
import { DeliveryWorker } from './delivery-worker.js';
import { LIST_DEAD_LETTERS, RESEND_DEAD_LETTER } from './webhooks.docs.js';

/** Deliveries that are not tried any more. */
@Controller('admin/dead-letters')
export class DeadLettersController {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly worker: DeliveryWorker,
    private readonly writes: AdminWrites,
  ) {}

  @Get()
  @Describe(LIST_DEAD_LETTERS)
  @Route({ access: 'admin', role: 'viewer' })
  async list(
    @Req() { url }: FastifyRequest,
  ): Promise<{ readonly deliveries: readonly ShownDelivery[]; readonly next?: string }> {
    const query = parseDeliveriesQuery(url, []);
    return pageOf(await this.deliveries.ask(({ queue }) => queue.list({ ...query, state: 'dead' })), query);
  }

  @Post(':id/resend')
  @HttpCode(200)
  @Describe(RESEND_DEAD_LETTER)
  @Route({ access: 'admin', role: 'operator' })
  async resend(@Param('id') id: string, @Req() request: FastifyRequest): Promise<{ readonly resent: true }> {
    const reason = reasonInQuery(request.url);
    this.writes.assertReason(reason);
    const isKnown =
      /^\d{1,15}$/.test(id) && (await this.deliveries.ask(({ queue }) => queue.resend(Number(id))));
    if (!isKnown)
      throw new Problem(
        'dead-letter-not-found',
        `There is no dead letter ${JSON.stringify(id.slice(0, 64))}: see GET /admin/dead-letters.`,
      );
    this.writes.record(request, { action: 'dead-letter-resent', target: { id }, reason });
    this.worker.look();
    return { resent: true };
  }
}
