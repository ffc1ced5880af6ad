import { Controller, Get, Req } from '@nestjs/common';
import type { LedgerStatus } from '@sundial/ledger';
import type { FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { askLedger } from './questions/ask-ledger.js';
import { readListQuery } from './questions/list-query.js';
import { shownEvent, type ShownRow } from './questions/shown-rows.js';
import { NodeLedger } from './recording/node-ledger.js';
import { LEDGER_STATUS } from './status.docs.js';

interface ShownStatus extends LedgerStatus {
  readonly gaps: readonly ShownRow[];
  readonly next?: string;
  readonly nodes: readonly string[];
}

/** How the ledger of this node is, and what is missing from all of it. */
@Controller('admin/ledger')
export class StatusController {
  constructor(private readonly node: NodeLedger) {}

  @Get()
  @Describe(LEDGER_STATUS)
  @Route({ access: 'admin', role: 'viewer' })
  async status(@Req() request: FastifyRequest): Promise<ShownStatus> {
    const { span, page, timeZone } = readListQuery(request, {});
    const { answer, nodes } = await askLedger(this.node, (questions) =>
      questions.events({ ...span, kinds: ['gap'] }, page),
    );
    const { rows, next } = answer;
    const gaps = rows.map((gap) => shownEvent(gap, timeZone));
    return { ...this.node.status, gaps, ...(next !== undefined && { next }), nodes };
  }
}
