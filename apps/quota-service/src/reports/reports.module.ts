import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { ReportsController } from './reports.controller.js';
import { REPORTS } from './reports.docs.js';

/** `POST /reports`. */
@Module({ controllers: [ReportsController] })
export class ReportsModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([REPORTS]);
  }
}
