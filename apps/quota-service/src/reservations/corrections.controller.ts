import { type CorrectedUsage, correctedUsageSchema, type UsageCorrection } from '@sundial/contract';
import { Body, Controller, Put, Req } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonIn } from '../admin/reason.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { CORRECT_USAGE } from './corrections.docs.js';

/** An operator sets what a subject has used. */
@Controller('admin/subjects/usage')
export class CorrectionsController {
  constructor(
    private readonly engine: QuotaEngine,
    private readonly writes: AdminWrites,
  ) {}

  @Put()
  @Describe(CORRECT_USAGE)
  @Route({ access: 'admin', role: 'operator' })
  @RouteSchema({ response: { 200: correctedUsageSchema } })
  async correct(
    @Body() correction: UsageCorrection,
    @Req() request: FastifyRequest,
  ): Promise<CorrectedUsage> {
    this.writes.assertReason(reasonIn(correction));
    const { corrected, before } = await this.engine.correctUsage(correction);
    const { rule, subject, limits, reason } = correction;
    this.writes.record(request, {
      action: 'usage-corrected',
      ...{ target: { rule, subject }, reason },
      ...{ before: before && { limits: before }, after: { limits } },
    });
    return corrected;
  }
}
