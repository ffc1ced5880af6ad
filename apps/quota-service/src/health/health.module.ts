import { Module } from '@nestjs/common';
import { FilesModule } from '../files/files.module.js';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { RecordingModule } from '../ledger/recording/recording.module.js';
import { HealthController } from './health.controller.js';
import { LIVE, READY_TO_SERVE } from './health.docs.js';

/** `GET /health/live` and `GET /health/ready`. */
@Module({ imports: [FilesModule, RecordingModule], controllers: [HealthController] })
export class HealthModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIVE, READY_TO_SERVE]);
  }
}
