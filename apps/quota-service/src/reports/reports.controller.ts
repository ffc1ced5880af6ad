import { MAX_REPORTS, type Report, type ReportResult, reportsAnswerSchema } from '@sundial/contract';
import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { listIn } from '../http/body/list-envelope.js';
import { MAX_BATCH_BODY_BYTES, MAX_JSON_VALUES, MAX_PARSED_AT_ONCE_BYTES } from '../http/bounds.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { REPORTS } from './reports.docs.js';

/** What clients decided while no service answered them, to be settled. */
@Controller('reports')
export class ReportsController {
  constructor(private readonly engine: QuotaEngine) {}

  @Post()
  @HttpCode(200)
  @Describe(REPORTS)
  @Route({
    access: 'check',
    maxBodyBytes: MAX_BATCH_BODY_BYTES,
    longList: { longerThanBytes: MAX_PARSED_AT_ONCE_BYTES, maxValues: MAX_JSON_VALUES },
    admission: 'batches',
    verb: 'report',
  })
  @RouteSchema({ response: { 200: reportsAnswerSchema } })
  async report(
    @Body() body: unknown,
    @Req() caller: FastifyRequest,
  ): Promise<{ results: readonly ReportResult[] }> {
    return { results: await this.engine.report(listIn<Report>(body, 'reports', MAX_REPORTS), caller) };
  }
}
