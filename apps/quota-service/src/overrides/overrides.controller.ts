import { Readable } from 'node:stream';
import type {
  Override,
  OverrideAdmin,
  OverrideInput,
  OverridePage,
  OverrideWritten,
} from '@sundial/contract';
import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { reasonIn, reasonInQuery } from '../admin/reason.js';
import { OVERRIDES } from '../engine/tokens.js';
import { LINES_TYPE } from '../http/body/json-body.js';
import { MAX_RULE_SET_BODY_BYTES } from '../http/bounds.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { importedLines } from './imported-lines.js';
import {
  EXPORT_OVERRIDES,
  IMPORT_OVERRIDES,
  LIST_OVERRIDES,
  REMOVE_OVERRIDE,
  SET_OVERRIDE,
} from './overrides.docs.js';
import { parseExportQuery, parseOverridesQuery, parseOverrideToRemove } from './overrides-query.js';

/** Operators give single subjects other limits. Each is in force for the next check, on every node. */
@Controller('admin/overrides')
export class OverridesController {
  constructor(
    @Inject(OVERRIDES) private readonly overrides: OverrideAdmin,
    private readonly writes: AdminWrites,
  ) {}

  @Get()
  @Describe(LIST_OVERRIDES)
  @Route({ access: 'admin', role: 'viewer' })
  list(@Req() request: FastifyRequest): Promise<OverridePage> {
    return this.overrides.list(parseOverridesQuery(request.url));
  }

  @Put()
  @Describe(SET_OVERRIDE)
  @Route({ access: 'admin', role: 'operator' })
  async set(@Body() body: unknown, @Req() request: FastifyRequest): Promise<OverrideWritten> {
    const { actor } = request;
    this.writes.assertReason(reasonIn(body));
    const written = await this.overrides.set(body as OverrideInput, { actor });
    const { rule, subject, reason } = written.override;
    this.writes.record(request, {
      ...{ action: 'override-set', target: { rule, subject }, reason },
      ...{ before: withoutSubject(written.before), after: withoutSubject(written.override) },
    });
    return written;
  }

  @Delete()
  @Describe(REMOVE_OVERRIDE)
  @Route({ access: 'admin', role: 'operator' })
  async remove(@Req() request: FastifyRequest): Promise<{ readonly override: Override }> {
    const { rule, subject, reason } = parseOverrideToRemove(request.url);
    this.writes.assertReason(reason);
    const removed = await this.overrides.remove(rule, subject);
    const before = withoutSubject(removed.override);
    this.writes.record(request, { action: 'override-removed', target: { rule, subject }, reason, before });
    return removed;
  }

  @Post('import')
  @HttpCode(200)
  @Describe(IMPORT_OVERRIDES)
  @Route({
    access: 'admin',
    role: 'operator',
    admission: 'large-bodies',
    maxBodyBytes: MAX_RULE_SET_BODY_BYTES,
    lines: true,
  })
  async import(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<{ readonly imported: number }> {
    const { actor } = request;
    const reason = reasonInQuery(request.url);
    this.writes.assertReason(reason);
    const lines = await importedLines(body);
    const answer = await this.overrides.import(lines, { actor });
    // Each was found to be one.
    const overrides = lines as readonly OverrideInput[];
    this.writes.record(request, {
      action: 'overrides-imported',
      target: {},
      reason,
      overrides,
      outcome: answer,
    });
    return answer;
  }

  @Get('export')
  @Describe(EXPORT_OVERRIDES)
  @Route({ access: 'admin', role: 'viewer' })
  async export(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const lines = linesOf(this.overrides.export(parseExportQuery(request.url)));
    // The first line is read before the answer begins: what cannot be read is a problem, and not half an answer.
    const first = await lines.next();
    await reply.type(LINES_TYPE).send(Readable.from(withFirst(first, lines)));
  }
}

function withoutSubject(override: Override | null): Omit<Override, 'subject'> | undefined {
  if (override === null) return undefined;
  const { subject: _subject, ...rest } = override;
  return rest;
}

async function* linesOf(overrides: AsyncIterable<Override>): AsyncGenerator<string> {
  for await (const { setAt: _setAt, setBy: _setBy, ...input } of overrides)
    yield `${JSON.stringify(input)}\n`;
}

async function* withFirst(
  first: IteratorResult<string>,
  others: AsyncGenerator<string>,
): AsyncGenerator<string> {
  if (first.done === true) return;
  yield first.value;
  yield* others;
}
