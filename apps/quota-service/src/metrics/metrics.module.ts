import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { METRICS } from './metrics.docs.js';
import { NodeMetrics } from './node-metrics.js';
import { QuotaMetrics } from './quota-metrics.js';

/** `GET /metrics`, and the metrics of decisions, requests and the node; those of a feature are in its folder. */
@Module({
  controllers: [MetricsController],
  providers: [QuotaMetrics, NodeMetrics, HttpMetrics],
  exports: [QuotaMetrics],
})
export class MetricsModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([METRICS]);
  }
}
