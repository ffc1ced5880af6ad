import { Module } from '@nestjs/common';
import { OutboxModule } from '../events/outbox.module.js';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { RecordingModule } from '../ledger/recording/recording.module.js';
import { SubjectDataController } from './subject-data.controller.js';
import { DELETE_SUBJECT_DATA, EXPORT_SUBJECT_DATA } from './subject-data.docs.js';
import { SubjectData } from './subject-data.js';

/** `/admin/subjects/data`: what the ledger has of one subject, and the events for other systems that name it. */
@Module({
  imports: [RecordingModule, OutboxModule],
  controllers: [SubjectDataController],
  providers: [SubjectData],
})
export class SubjectDataModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([EXPORT_SUBJECT_DATA, DELETE_SUBJECT_DATA]);
  }
}
