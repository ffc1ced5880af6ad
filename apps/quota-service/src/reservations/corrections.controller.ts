import { type CorrectedUsage, correctedUsageSchema, type UsageCorrection } from '@sundial/contract';
import { Body, Controller, Inject, Put, Req } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { LOG, type Log } from '../logging/log.js';
import { CORRECT_USAGE } from './corrections.docs.js';

/** An operator sets what a subject has used. */
@Controller('admin/subjects/usage')
export class CorrectionsController {
  constructor(
    private readonly engine: QuotaEngine,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Put()
  @Describe(CORRECT_USAGE)
  @Route({ access: 'admin' })
  @RouteSchema({ response: { 200: correctedUsageSchema } })
  async correct(
    @Body() correction: UsageCorrection,
    @Req() request: FastifyRequest,
  ): Promise<CorrectedUsage> {
    const corrected = await this.engine.correctUsage(correction);
    const { rule, limits, reason } = correction;
    // The subject is not named: logs outlive what may be known of a person.
    this.log.info({ actor: request.actor, reqId: request.id, rule, limits, reason }, 'usage was corrected');
    return corrected;
  }
}
