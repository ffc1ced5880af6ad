import { Module } from '@nestjs/common';
import { AlarmsModule } from '../alarms/alarms.module.js';
import { ConsoleModule } from '../console/console.module.js';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { LIVE_FRAMES } from './live.docs.js';
import { LiveController } from './live.controller.js';
import { LiveFrames } from './live-frame.js';
import { LiveMetrics } from './live-metrics.js';
import { LiveStreams } from './live-streams.js';
import { NodeReports } from './node-reports.js';
import { OwnNumbers } from './own-numbers.js';

/** `GET /admin/live`, and what each node says of itself to the others. */
@Module({
  imports: [AlarmsModule, ConsoleModule, MetricsModule],
  controllers: [LiveController],
  providers: [OwnNumbers, NodeReports, LiveFrames, LiveStreams, LiveMetrics],
})
export class LiveModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIVE_FRAMES]);
  }
}
