import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { CHECK } from './check.docs.js';
import { type CheckRequest, type Decision, decisionSchema } from '@sundial/contract';
import { rateLimitHeaders } from './rate-limit-headers.js';
import { serialised } from './serialised.js';

/** The check before every costly operation. The engine validates the body itself. */
@Controller('check')
export class CheckController {
  constructor(private readonly engine: QuotaEngine) {}

  @Post()
  @HttpCode(200)
  @Describe(CHECK)
  @Route({ access: 'check', hot: true, verb: 'check' })
  @RouteSchema({ response: { 200: serialised(decisionSchema) } })
  async check(
    @Body() request: CheckRequest,
    @Req() caller: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Decision> {
    const decision = await this.engine.check(request, caller);
    reply.headers(rateLimitHeaders(decision, this.engine.now()));
    return decision;
  }
}
