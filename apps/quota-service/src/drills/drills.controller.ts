import type { ControlWritten, Drill, DrillInput, OperatorControls } from '@sundial/contract';
import { Body, Controller, Delete, Get, Inject, Param, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonIn, reasonInQuery } from '../admin/reason.js';
import { CONTROLS } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { LIST_DRILLS, REMOVE_DRILL, SET_DRILL } from './drills.docs.js';

type DrillAnswer = ControlWritten & { readonly drill: Drill };

/** Operators rehearse outages of one resource. */
@Controller('admin/drills')
export class DrillsController {
  constructor(
    @Inject(CONTROLS) private readonly controls: OperatorControls,
    private readonly writes: AdminWrites,
  ) {}

  @Get()
  @Describe(LIST_DRILLS)
  @Route({ access: 'admin', role: 'viewer' })
  list(): { readonly drills: readonly Drill[] } {
    return { drills: this.controls.drills() };
  }

  @Put(':resource')
  @Describe(SET_DRILL)
  @Route({ access: 'admin', role: 'operator' })
  async set(
    @Param('resource') resource: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<DrillAnswer> {
    const { actor } = request;
    this.writes.assertReason(reasonIn(body));
    const before = this.controls.drills().find((drill) => drill.resource === resource);
    const { drill, ...outcome } = await this.controls.setDrill(resource, body as DrillInput, { actor });
    const { reason } = drill;
    this.writes.record(request, {
      action: 'drill-begun',
      ...{ target: { resource }, reason, before, after: drill, outcome },
    });
    return { drill, ...outcome };
  }

  @Delete(':resource')
  @Describe(REMOVE_DRILL)
  @Route({ access: 'admin', role: 'operator' })
  async remove(@Param('resource') resource: string, @Req() request: FastifyRequest): Promise<DrillAnswer> {
    const { actor } = request;
    const reason = reasonInQuery(request.url);
    this.writes.assertReason(reason);
    const { drill: before, ...outcome } = await this.controls.removeDrill(resource, { actor });
    this.writes.record(request, { action: 'drill-ended', target: { resource }, reason, before, outcome });
    return { drill: before, ...outcome };
  }
}
