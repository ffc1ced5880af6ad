import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { JournalMetrics } from './journal-metrics.js';
import { JournalController } from './journal.controller.js';
import { SHOW_JOURNAL } from './journal.docs.js';

/** `GET /admin/journal`, and the journal's metrics. */
@Module({ controllers: [JournalController], providers: [JournalMetrics] })
export class JournalModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([SHOW_JOURNAL]);
  }
}
