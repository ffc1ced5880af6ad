import {
  packAddedSchema,
  packCancelledSchema,
  subjectPacksSchema,
  type Pack,
  type PackAdded,
  type PackInput,
  type SubjectPacks,
} from '@sundial/contract';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonIn } from '../admin/reason.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { ADD_PACK, CANCEL_PACK, LIST_PACKS } from './packs.docs.js';
import { parsePacksQuery, parsePackToCancel } from './packs-query.js';

/** Operators, and the programs that sell them, give subjects units on top of their windows. */
@Controller('admin/packs')
export class PacksController {
  constructor(
    private readonly engine: QuotaEngine,
    private readonly writes: AdminWrites,
  ) {}

  @Post()
  @HttpCode(200)
  @Describe(ADD_PACK)
  @Route({ access: 'admin', role: 'operator' })
  @RouteSchema({ response: { 200: packAddedSchema } })
  async add(@Body() input: PackInput, @Req() request: FastifyRequest): Promise<PackAdded> {
    this.writes.assertReason(reasonIn(input));
    const added = await this.engine.packs.add(input);
    const { resource, subject, reason } = input;
    const { pack: after, replayed } = added;
    if (!replayed) {
      const target = { resource, id: after.id, subject };
      this.writes.record(request, { action: 'pack-added', target, reason, after });
    }
    return added;
  }

  @Get()
  @Describe(LIST_PACKS)
  @Route({ access: 'admin', role: 'viewer' })
  @RouteSchema({ response: { 200: subjectPacksSchema } })
  list(@Req() { url }: FastifyRequest): Promise<SubjectPacks> {
    return this.engine.packs.list(parsePacksQuery(url));
  }

  @Delete(':id')
  @Describe(CANCEL_PACK)
  @Route({ access: 'admin', role: 'operator' })
  @RouteSchema({ response: { 200: packCancelledSchema } })
  async cancel(@Param('id') id: string, @Req() request: FastifyRequest): Promise<{ readonly pack: Pack }> {
    const { reason, ...usage } = parsePackToCancel(request.url);
    this.writes.assertReason(reason);
    const pack = await this.engine.packs.cancel(id, usage);
    const target = { resource: usage.resource, id, subject: usage.subject };
    this.writes.record(request, { action: 'pack-cancelled', target, reason, after: pack });
    return { pack };
  }
}
