import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { LiveRules, QuotaEngine, withoutTag } from '@sundial/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { AUDIT, DECISIONS, OPERATION } from './history.docs.js';
import { askLedger } from './questions/ask-ledger.js';
import { AUDIT_COLUMNS, EVENT_COLUMNS } from './questions/columns.js';
import { sendList } from './questions/list-answer.js';
import { readListQuery } from './questions/list-query.js';
import { operationHistory } from './questions/operation-history.js';
import { shownEvent } from './questions/shown-rows.js';
import { NodeLedger } from './recording/node-ledger.js';

/** What happened: to one operation, in one time, by one operator. */
@Controller('admin')
export class HistoryController {
  constructor(
    private readonly node: NodeLedger,
    private readonly engine: QuotaEngine,
    private readonly rules: LiveRules,
  ) {}

  @Get('operations/:id')
  @Describe(OPERATION)
  @Route({ access: 'admin', role: 'viewer' })
  async operation(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { timeZone, format } = readListQuery(request, {});
    // A settlement after a restart knows an id that a server made without its tag.
    const ids = [id, withoutTag(id)].filter((each) => each !== undefined);
    const { answer, nodes } = await askLedger(this.node, (questions) =>
      Promise.all(ids.map((each) => questions.operation(each))),
    );
    const operations = operationHistory(answer.flat(), {
      now: this.engine.now(),
      countedBy: (resource) => this.attributesOf(resource),
    }).map(({ resource, subject, events }) => ({
      resource,
      subject,
      events: events.map((event) => shownEvent(event, timeZone)),
    }));
    if (format === 'json') return { operations, nodes };
    const rows = operations.flatMap(({ events }) => events);
    return sendList(reply, { name: 'operations', answer: { rows }, nodes, format, columns: EVENT_COLUMNS });
  }

  @Get('decisions')
  @Describe(DECISIONS)
  @Route({ access: 'admin', role: 'viewer' })
  async decisions(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const query = readListQuery(request, { filters: ['resource', 'outcome', 'node'], subject: 'optional' });
    const { filters, subject, span, page, timeZone, format } = query;
    const { resource, outcome, node } = filters;
    const filter = {
      ...span,
      ...(resource !== undefined && { resource }),
      ...(outcome !== undefined && { outcome }),
      ...(node !== undefined && { node }),
      ...(subject && { subject }),
    };
    const { answer, nodes } = await askLedger(this.node, (questions) => questions.decisions(filter, page));
    const rows = answer.rows.map((event) => shownEvent(event, timeZone));
    const shown = { ...answer, rows };
    return sendList(reply, { name: 'decisions', answer: shown, nodes, format, columns: EVENT_COLUMNS });
  }

  @Get('audit')
  @Describe(AUDIT)
  @Route({ access: 'admin', role: 'viewer' })
  async audit(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const query = readListQuery(request, { filters: ['actor', 'action', 'rule', 'target'] });
    const { actor, action, rule, target = rule } = query.filters;
    const filter = {
      ...query.span,
      ...(actor !== undefined && { actor }),
      ...(action !== undefined && { action }),
      ...(target !== undefined && { target }),
    };
    const { answer, nodes } = await askLedger(this.node, (questions) => questions.audit(filter, query.page));
    const rows = answer.rows.map((event) => shownEvent(event, query.timeZone));
    const { format } = query;
    return sendList(reply, {
      name: 'audit',
      answer: { ...answer, rows },
      nodes,
      format,
      columns: AUDIT_COLUMNS,
    });
  }

  private attributesOf(resource: string): readonly string[] | undefined {
    const rules = this.rules.current.forResource(resource);
    return rules.length === 0 ? undefined : [...new Set(rules.flatMap(({ per }) => per))];
  }
}
