import type { ControlWritten, Gate, GateInput, OperatorControls } from '@sundial/contract';
import { Body, Controller, Get, Inject, Param, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonIn } from '../admin/reason.js';
import { CONTROLS } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { LIST_GATES, SET_GATE, SET_GATE_OF_ALL } from './gates.docs.js';

type GateAnswer = ControlWritten & { readonly gate: Gate };

/** Operators open and close resources. A write is in force on this node in any case, also while the store is away. */
@Controller('admin/gates')
export class GatesController {
  constructor(
    @Inject(CONTROLS) private readonly controls: OperatorControls,
    private readonly writes: AdminWrites,
  ) {}

  @Get()
  @Describe(LIST_GATES)
  @Route({ access: 'admin', role: 'viewer' })
  list(): { readonly gates: readonly Gate[] } {
    return { gates: this.controls.gates() };
  }

  @Put()
  @Describe(SET_GATE_OF_ALL)
  @Route({ access: 'admin', role: 'operator' })
  setForAll(@Body() body: unknown, @Req() request: FastifyRequest): Promise<GateAnswer> {
    return this.set(null, body, request);
  }

  @Put(':resource')
  @Describe(SET_GATE)
  @Route({ access: 'admin', role: 'operator' })
  setOne(
    @Param('resource') resource: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<GateAnswer> {
    return this.set(resource, body, request);
  }

  private async set(resource: string | null, body: unknown, request: FastifyRequest): Promise<GateAnswer> {
    const { actor } = request;
    this.writes.assertReason(reasonIn(body));
    const before = this.controls.gates().find((gate) => gate.resource === resource);
    const { gate, ...outcome } = await this.controls.setGate(resource, body as GateInput, { actor });
    const { reason } = gate;
    this.writes.record(request, {
      action: 'gate-set',
      target: { resource },
      reason,
      before,
      after: gate,
      outcome,
    });
    return { gate, ...outcome };
  }
}
