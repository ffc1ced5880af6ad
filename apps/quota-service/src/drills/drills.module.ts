import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { DrillMetrics } from './drill-metrics.js';
import { DrillsController } from './drills.controller.js';
import { LIST_DRILLS, REMOVE_DRILL, SET_DRILL } from './drills.docs.js';

/** `/admin/drills`: outages are rehearsed while the service runs. */
@Module({ controllers: [DrillsController], providers: [DrillMetrics] })
export class DrillsModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIST_DRILLS, SET_DRILL, REMOVE_DRILL]);
  }
}
