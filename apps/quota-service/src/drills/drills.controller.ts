import type { ControlWritten, Drill, DrillInput, OperatorControls } from '@sundial/contract';
import { Body, Controller, Delete, Get, Inject, Param, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONTROLS } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { LOG, type Log } from '../logging/log.js';
import { LIST_DRILLS, REMOVE_DRILL, SET_DRILL } from './drills.docs.js';

type DrillAnswer = ControlWritten & { readonly drill: Drill };

/** Operators rehearse outages of one resource. */
@Controller('admin/drills')
export class DrillsController {
  constructor(
    @Inject(CONTROLS) private readonly controls: OperatorControls,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Get()
  @Describe(LIST_DRILLS)
  @Route({ access: 'admin' })
  list(): { readonly drills: readonly Drill[] } {
    return { drills: this.controls.drills() };
  }

  @Put(':resource')
  @Describe(SET_DRILL)
  @Route({ access: 'admin' })
  async set(
    @Param('resource') resource: string,
    @Body() body: unknown,
    @Req() { actor, id: reqId }: FastifyRequest,
  ): Promise<DrillAnswer> {
    const answer = await this.controls.setDrill(resource, body as DrillInput, { actor });
    this.log.warn({ ...answer, actor, reqId }, 'a drill was begun: calls of its resource fail on purpose');
    return answer;
  }

  @Delete(':resource')
  @Describe(REMOVE_DRILL)
  @Route({ access: 'admin' })
  async remove(
    @Param('resource') resource: string,
    @Req() { actor, id: reqId }: FastifyRequest,
  ): Promise<DrillAnswer> {
    const answer = await this.controls.removeDrill(resource, { actor });
    this.log.info({ ...answer, actor, reqId }, 'a drill was ended');
    return answer;
  }
}
