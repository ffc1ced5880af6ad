import { Controller, Get, Req, Res } from '@nestjs/common';
import { QuotaError, said } from '@sundial/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { askLedger } from './questions/ask-ledger.js';
import { CALL_COLUMNS, OUTAGE_COLUMNS, TOP_COLUMNS, WINDOW_COLUMNS } from './questions/columns.js';
import { sendList } from './questions/list-answer.js';
import { readListQuery } from './questions/list-query.js';
import { shownCall, shownOutage, shownTop, shownWindow } from './questions/shown-rows.js';
import { NodeLedger } from './recording/node-ledger.js';
import { OUTAGE_CALLS, OUTAGES, TOP, USAGE_HISTORY } from './sums.docs.js';

/** What all of it comes to: past windows, the largest subjects, outages. */
@Controller('admin')
export class SumsController {
  constructor(private readonly node: NodeLedger) {}

  @Get('usage-history')
  @Describe(USAGE_HISTORY)
  @Route({ access: 'admin', role: 'viewer' })
  async usageHistory(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const query = readListQuery(request, { filters: ['window', 'rule', 'meter'], subject: 'required' });
    const { window, rule, meter } = query.filters;
    const filter = {
      ...query.span,
      subject: query.subject!,
      ...(window !== undefined && { window }),
      ...(rule !== undefined && { rule }),
      ...(meter !== undefined && { meter }),
    };
    const { answer, nodes } = await askLedger(this.node, (questions) =>
      questions.usageHistory(filter, query.page),
    );
    const rows = answer.rows.map((each) => shownWindow(each, query.timeZone));
    const { format } = query;
    return sendList(reply, {
      name: 'windows',
      answer: { ...answer, rows },
      nodes,
      format,
      columns: WINDOW_COLUMNS,
    });
  }

  @Get('top')
  @Describe(TOP)
  @Route({ access: 'admin', role: 'viewer' })
  async top(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { filters, span, page, format } = readListQuery(request, {
      filters: ['by', 'resource', 'meter'],
      values: { by: ['used', 'denied'] },
    });
    const { by = 'used', resource, meter } = filters;
    const filter = {
      ...span,
      by: by as 'used' | 'denied',
      ...(resource !== undefined && { resource }),
      ...(meter !== undefined && { meter }),
    };
    const { answer, nodes } = await askLedger(this.node, (questions) => questions.top(filter, page));
    const shown = { ...answer, rows: answer.rows.map(shownTop) };
    return sendList(reply, { name: 'subjects', answer: shown, nodes, format, columns: TOP_COLUMNS });
  }

  @Get('outages')
  @Describe(OUTAGES)
  @Route({ access: 'admin', role: 'viewer' })
  async outages(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { span, page, format, timeZone } = readListQuery(request, {});
    const { answer, nodes } = await askLedger(this.node, (questions) => questions.outages(span, page));
    const shown = { ...answer, rows: answer.rows.map((outage) => shownOutage(outage, timeZone)) };
    return sendList(reply, { name: 'outages', answer: shown, nodes, format, columns: OUTAGE_COLUMNS });
  }

  @Get('outages/calls')
  @Describe(OUTAGE_CALLS)
  @Route({ access: 'admin', role: 'viewer' })
  async calls(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { filters, span, page, format, timeZone } = readListQuery(request, { filters: ['node'] });
    const { node } = filters;
    const { from, to = null } = span;
    if (node === undefined || from === undefined) throw notNamed();
    const { answer, nodes } = await askLedger(this.node, (questions) =>
      questions.affected({ node, from, to }, page),
    );
    const shown = { ...answer, rows: answer.rows.map((call) => shownCall(call, timeZone)) };
    return sendList(reply, { name: 'calls', answer: shown, nodes, format, columns: CALL_COLUMNS });
  }
}

function notNamed(): QuotaError {
  const fault = said('outage-named');
  return QuotaError.invalid('invalid-request', [
    { path: 'node', ...fault },
    { path: 'from', ...fault },
  ]);
}
