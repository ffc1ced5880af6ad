import type { Usage, UsageRequest } from '@sundial/contract';
import { Controller, Get, Req } from '@nestjs/common';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { USAGE } from './usage.docs.js';
import { parseUsageQuery } from './usage-query.js';

/** What a subject has used and has left. Writes nothing. */
@Controller('usage')
export class UsageController {
  constructor(private readonly engine: QuotaEngine) {}

  @Get()
  @Describe(USAGE)
  @Route({ access: 'check', role: 'viewer', hot: true, verb: 'usage' })
  usage(@Req() request: FastifyRequest): Promise<Usage> {
    return this.engine.usage(parseUsageQuery(request.url) as UsageRequest);
  }
}
