import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { BatchController } from './batch.controller.js';
import { BATCH } from './batch.docs.js';
import { CheckController } from './check.controller.js';
import { CHECK } from './check.docs.js';

/** `POST /check` and `POST /check/batch`. */
@Module({ controllers: [CheckController, BatchController] })
export class CheckModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([CHECK, BATCH]);
  }
}
