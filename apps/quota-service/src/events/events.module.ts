import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { EventStart } from './event-start.js';
import { EventWaiters } from './event-waiters.js';
import { EventsController } from './events.controller.js';
import { LIST_EVENTS } from './events.docs.js';
import { OutboxModule } from './outbox.module.js';

/** `GET /admin/events` */
@Module({ imports: [OutboxModule], controllers: [EventsController], providers: [EventStart, EventWaiters] })
export class EventsModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIST_EVENTS]);
  }
}
