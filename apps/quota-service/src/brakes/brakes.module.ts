import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { BrakeMetrics } from './brake-metrics.js';
import { BrakesController } from './brakes.controller.js';
import { LIST_BRAKES, REMOVE_BRAKE, SET_BRAKE } from './brakes.docs.js';

/** `/admin/brakes`: resources and subjects are turned down while the service runs. */
@Module({ controllers: [BrakesController], providers: [BrakeMetrics] })
export class BrakesModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIST_BRAKES, SET_BRAKE, REMOVE_BRAKE]);
  }
}
