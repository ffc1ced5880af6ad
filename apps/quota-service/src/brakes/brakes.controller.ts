import type { Brake, BrakeInput, ControlWritten, OperatorControls } from '@sundial/contract';
import { Body, Controller, Delete, Get, Inject, Param, Put, Req } from '@nestjs/common';
import type { AdminAction } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonIn, reasonInQuery } from '../admin/reason.js';
import { CONTROLS } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { LIST_BRAKES, REMOVE_BRAKE, SET_BRAKE } from './brakes.docs.js';

type BrakeAnswer = ControlWritten & { readonly brake: Brake };

/** Operators turn a resource down, or one subject of it. A write is in force on this node in any case. */
@Controller('admin/brakes')
export class BrakesController {
  constructor(
    @Inject(CONTROLS) private readonly controls: OperatorControls,
    private readonly writes: AdminWrites,
  ) {}

  @Get()
  @Describe(LIST_BRAKES)
  @Route({ access: 'admin', role: 'viewer' })
  list(): { readonly brakes: readonly Brake[] } {
    return { brakes: this.controls.brakes() };
  }

  @Put()
  @Describe(SET_BRAKE)
  @Route({ access: 'admin', role: 'operator' })
  async set(@Body() body: unknown, @Req() request: FastifyRequest): Promise<BrakeAnswer> {
    const { actor } = request;
    this.writes.assertReason(reasonIn(body));
    const known = this.controls.brakes();
    const answer = await this.controls.setBrake(body as BrakeInput, { actor });
    const { id, reason } = answer.brake;
    const before = known.find((brake) => brake.id === id);
    this.record(request, answer, { action: 'brake-set', reason, before, after: answer.brake });
    return answer;
  }

  @Delete(':id')
  @Describe(REMOVE_BRAKE)
  @Route({ access: 'admin', role: 'operator' })
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<BrakeAnswer> {
    const { actor } = request;
    const reason = reasonInQuery(request.url);
    this.writes.assertReason(reason);
    const answer = await this.controls.removeBrake(id, { actor });
    this.record(request, answer, { action: 'brake-removed', reason, before: answer.brake });
    return answer;
  }

  /** The subject is named in the target alone. */
  private record(
    request: FastifyRequest,
    { brake, ...outcome }: BrakeAnswer,
    { action, reason, before, after }: BrakeEvent,
  ): void {
    const { id, resource, subject } = brake;
    const target = { id, resource, subject };
    const shown = { before: withoutSubject(before), after: withoutSubject(after) };
    this.writes.record(request, { action, target, reason, ...shown, outcome });
  }
}

interface BrakeEvent {
  readonly action: AdminAction;
  readonly reason: string | undefined;
  readonly before?: Brake | undefined;
  readonly after?: Brake | undefined;
}

function withoutSubject(brake: Brake | undefined): Omit<Brake, 'subject'> | undefined {
  if (brake === undefined) return undefined;
  const { subject: _, ...shown } = brake;
  return shown;
}
