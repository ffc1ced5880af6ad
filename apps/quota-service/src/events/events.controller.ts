import { Controller, Get, Req } from '@nestjs/common';
import type { EventPage } from '@sundial/ledger';
import type { FastifyRequest } from 'fastify';
import { performance } from 'node:perf_hooks';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { Deliveries } from './deliveries.js';
import { EventWaiters } from './event-waiters.js';
import { parseEventsQuery } from './events-query.js';
import { LIST_EVENTS } from './events.docs.js';

/** Events for other systems, for those that would rather ask than be called. */
@Controller('admin/events')
export class EventsController {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly waiters: EventWaiters,
  ) {}

  @Get()
  @Describe(LIST_EVENTS)
  @Route({ access: 'admin', role: 'viewer' })
  async list(@Req() { url }: FastifyRequest): Promise<EventPage> {
    const { after, waitMs, limit, filter } = parseEventsQuery(url);
    const until = performance.now() + waitMs;
    for (;;) {
      const page = await this.deliveries.ask(({ events }) => events.after(after, filter, limit));
      const left = until - performance.now();
      if (page.events.length > 0 || left <= 0 || this.waiters.isLeaving) return page;
      await this.waiters.wait(left);
    }
  }
}
