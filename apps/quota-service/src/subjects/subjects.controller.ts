import type { NearSubjects, ResetSubject, SubjectReset, SubjectUsage } from '@sundial/contract';
import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonIn } from '../admin/reason.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { NEAR_SUBJECTS, RESET_SUBJECT, SUBJECT_USAGE } from './subjects.docs.js';
import { parseNearQuery, parseSubjectQuery } from './subjects-query.js';

/** Operators look at subjects, of which no request names all, and begin their windows again. */
@Controller('admin/subjects')
export class SubjectsController {
  constructor(
    private readonly engine: QuotaEngine,
    private readonly writes: AdminWrites,
  ) {}

  @Get()
  @Describe(NEAR_SUBJECTS)
  @Route({ access: 'admin', role: 'viewer' })
  near(@Req() request: FastifyRequest): Promise<NearSubjects> {
    return this.engine.subjects.near(parseNearQuery(request.url));
  }

  @Get('usage')
  @Describe(SUBJECT_USAGE)
  @Route({ access: 'admin', role: 'viewer' })
  usage(@Req() request: FastifyRequest): Promise<SubjectUsage> {
    const { subject, cursor } = parseSubjectQuery(request.url);
    return this.engine.subjects.usage(subject, cursor);
  }

  @Post('reset')
  @HttpCode(200)
  @Describe(RESET_SUBJECT)
  @Route({ access: 'admin', role: 'operator' })
  async reset(@Body() body: unknown, @Req() request: FastifyRequest): Promise<ResetSubject> {
    this.writes.assertReason(reasonIn(body));
    const { reset, before, brokenOff } = await this.engine.subjects.reset(body as SubjectReset);
    const { rule, subject, reason } = body as SubjectReset;
    const target = { subject, ...(rule !== undefined && { rule }) };
    const after = reset.rules.map(({ rule: id, limits }) => ({ rule: id, limits }));
    this.writes.record(request, { action: 'subject-reset', target, reason, before, after });
    if (brokenOff) throw brokenOff;
    return reset;
  }
}
