import { Module } from '@nestjs/common';
import { OutboxModule } from '../events/outbox.module.js';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { RecordingModule } from '../ledger/recording/recording.module.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { DeliveryAttempt } from './delivery-attempt.js';
import { DeliveryWorker } from './delivery-worker.js';
import { WebhooksController } from './webhooks.controller.js';
import * as docs from './webhooks.docs.js';

/** Webhooks that operators set, what is delivered to them, and what could not be. */
@Module({
  imports: [OutboxModule, RecordingModule],
  controllers: [WebhooksController, DeadLettersController],
  providers: [DeliveryAttempt, DeliveryWorker],
})
export class WebhooksModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add(Object.values(docs));
  }
}
