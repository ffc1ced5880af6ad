import { Controller, Get, Res } from '@nestjs/common';
import { LiveRules } from '@sundial/engine';
import type { FastifyReply } from 'fastify';
import { Registry } from 'prom-client';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { METRICS } from './metrics.docs.js';
import { QuotaMetrics } from './quota-metrics.js';

/** For Prometheus. */
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly registry: Registry,
    private readonly metrics: QuotaMetrics,
    private readonly rules: LiveRules,
  ) {}

  @Get()
  @Describe(METRICS)
  @Route({ access: 'check', role: 'viewer', hot: true })
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    this.metrics.forgetAllBut(this.rules.current);
    reply.type(this.registry.contentType);
    return this.registry.metrics();
  }
}
