import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { GateMetrics } from './gate-metrics.js';
import { GatesController } from './gates.controller.js';
import { LIST_GATES, SET_GATE, SET_GATE_OF_ALL } from './gates.docs.js';

/** `/admin/gates`: resources are opened and closed while the service runs. */
@Module({ controllers: [GatesController], providers: [GateMetrics] })
export class GatesModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIST_GATES, SET_GATE, SET_GATE_OF_ALL]);
  }
}
