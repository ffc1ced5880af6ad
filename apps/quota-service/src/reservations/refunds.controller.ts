import {
  type Refunded,
  refundedSchema,
  type RefundRequest,
  type Returned,
  returnedSchema,
  type ReturnRequest,
} from '@sundial/contract';
import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { REFUND, RETURN } from './refunds.docs.js';

/** Units that were counted and are given back: of one operation, or of a stock. */
@Controller()
export class RefundsController {
  constructor(private readonly engine: QuotaEngine) {}

  @Post('refunds')
  @HttpCode(200)
  @Describe(REFUND)
  @Route({ access: 'check', verb: 'refund' })
  @RouteSchema({ response: { 200: refundedSchema } })
  refund(@Body() request: RefundRequest, @Req() caller: FastifyRequest): Promise<Refunded> {
    return this.engine.refund(request, caller);
  }

  @Post('returns')
  @HttpCode(200)
  @Describe(RETURN)
  @Route({ access: 'check', verb: 'returnUnits' })
  @RouteSchema({ response: { 200: returnedSchema } })
  returnUnits(@Body() request: ReturnRequest, @Req() caller: FastifyRequest): Promise<Returned> {
    return this.engine.returnUnits(request, caller);
  }
}
