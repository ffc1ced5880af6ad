import type { Brake, BrakeInput, ControlWritten, OperatorControls } from '@sundial/contract';
import { Body, Controller, Delete, Get, Inject, Param, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONTROLS } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { LOG, type Log } from '../logging/log.js';
import { LIST_BRAKES, REMOVE_BRAKE, SET_BRAKE } from './brakes.docs.js';

type BrakeAnswer = ControlWritten & { readonly brake: Brake };

/** Operators turn a resource down, or one subject of it. A write is in force on this node in any case. */
@Controller('admin/brakes')
export class BrakesController {
  constructor(
    @Inject(CONTROLS) private readonly controls: OperatorControls,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Get()
  @Describe(LIST_BRAKES)
  @Route({ access: 'admin' })
  list(): { readonly brakes: readonly Brake[] } {
    return { brakes: this.controls.brakes() };
  }

  @Put()
  @Describe(SET_BRAKE)
  @Route({ access: 'admin' })
  async set(@Body() body: unknown, @Req() request: FastifyRequest): Promise<BrakeAnswer> {
    const { actor } = request;
    const answer = await this.controls.setBrake(body as BrakeInput, { actor });
    this.note(answer, request, 'a brake was set');
    return answer;
  }

  @Delete(':id')
  @Describe(REMOVE_BRAKE)
  @Route({ access: 'admin' })
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<BrakeAnswer> {
    const { actor } = request;
    const answer = await this.controls.removeBrake(id, { actor });
    this.note(answer, request, 'a brake was removed');
    return answer;
  }

  /** The subject is not named: logs outlive what may be known of a person. */
  private note({ brake, ...written }: BrakeAnswer, request: FastifyRequest, what: string): void {
    const { subject, ...shown } = brake;
    const ofOneSubject = subject !== undefined;
    this.log.info(
      { brake: { ...shown, ofOneSubject }, ...written, actor: request.actor, reqId: request.id },
      what,
    );
  }
}
