import {
  type CommitRequest,
  type ExtendRequest,
  type ReleaseRequest,
  type ReservationAnswer,
  reservationAnswerSchema,
  type ReserveDecision,
  reserveDecisionSchema,
  type ReserveRequest,
} from '@sundial/contract';
import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import { type EngineReserveDecision, QuotaEngine } from '@sundial/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { rateLimitHeaders } from '../check/rate-limit-headers.js';
import { serialised } from '../check/serialised.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { COMMIT, EXTEND, RELEASE, RESERVATION, RESERVE } from './reservations.docs.js';

const HOT = { access: 'check', hot: true } as const;
const ANSWER = { response: { 200: serialised(reservationAnswerSchema) } };
const DECISION = { response: { 200: serialised(reserveDecisionSchema) } };

/** Reservations, from their reserve to their end. The engine validates ids and bodies itself; an ending needs no body. */
@Controller('reservations')
export class ReservationsController {
  constructor(private readonly engine: QuotaEngine) {}

  @Post()
  @HttpCode(200)
  @Describe(RESERVE)
  @Route({ ...HOT, verb: 'reserve' })
  @RouteSchema(DECISION)
  async reserve(
    @Body() request: ReserveRequest,
    @Req() caller: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReserveDecision> {
    return this.decided(await this.engine.reserve(request, caller), reply);
  }

  @Get(':id')
  @Describe(RESERVATION)
  @Route({ ...HOT, role: 'viewer', verb: 'reservation' })
  @RouteSchema(ANSWER)
  reservation(@Param('id') id: string): Promise<ReservationAnswer> {
    return this.engine.reservation(id);
  }

  @Post(':id/commit')
  @HttpCode(200)
  @Describe(COMMIT)
  @Route({ ...HOT, verb: 'commit' })
  @RouteSchema(ANSWER)
  commit(
    @Param('id') id: string,
    @Body() request: CommitRequest | undefined,
    @Req() caller: FastifyRequest,
  ): Promise<ReservationAnswer> {
    return this.engine.commit(id, request, caller);
  }

  @Post(':id/release')
  @HttpCode(200)
  @Describe(RELEASE)
  @Route({ ...HOT, verb: 'release' })
  @RouteSchema(ANSWER)
  release(
    @Param('id') id: string,
    @Body() request: ReleaseRequest | undefined,
    @Req() caller: FastifyRequest,
  ): Promise<ReservationAnswer> {
    return this.engine.release(id, request, caller);
  }

  @Post(':id/extend')
  @HttpCode(200)
  @Describe(EXTEND)
  @Route({ ...HOT, verb: 'extend' })
  @RouteSchema(DECISION)
  async extend(
    @Param('id') id: string,
    @Body() request: ExtendRequest,
    @Req() caller: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReserveDecision> {
    return this.decided(await this.engine.extend(id, request, caller), reply);
  }

  private decided(decision: EngineReserveDecision, reply: FastifyReply): ReserveDecision {
    reply.headers(rateLimitHeaders(decision, this.engine.now()));
    return decision;
  }
}
