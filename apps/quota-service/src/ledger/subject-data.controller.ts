import { Controller, Delete, Get, Req, Res } from '@nestjs/common';
import { QuotaError, type Subject } from '@sundial/contract';
import type { DeletedSubjectData } from '@sundial/ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { askLedger } from './questions/ask-ledger.js';
import { EVENT_COLUMNS } from './questions/columns.js';
import { sendList } from './questions/list-answer.js';
import { readListQuery } from './questions/list-query.js';
import { shownEvent } from './questions/shown-rows.js';
import { NodeLedger } from './recording/node-ledger.js';
import { DELETE_SUBJECT_DATA, EXPORT_SUBJECT_DATA } from './subject-data.docs.js';

/** What privacy law asks for: all that is recorded of one subject, to be given out or to be gone. */
@Controller('admin/subjects/data')
export class SubjectDataController {
  constructor(
    private readonly node: NodeLedger,
    private readonly writes: AdminWrites,
  ) {}

  @Get()
  @Describe(EXPORT_SUBJECT_DATA)
  @Route({ access: 'admin', role: 'viewer' })
  async read(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { subject, page, format, timeZone } = readListQuery(request, { subject: 'required' });
    const { answer, nodes } = await askLedger(this.node, (questions) =>
      questions.exportSubject(subject!, page),
    );
    const shown = { ...answer, rows: answer.rows.map((event) => shownEvent(event, timeZone)) };
    return sendList(reply, { name: 'events', answer: shown, nodes, format, columns: EVENT_COLUMNS });
  }

  @Delete()
  @Describe(DELETE_SUBJECT_DATA)
  @Route({ access: 'admin', role: 'admin' })
  async remove(@Req() request: FastifyRequest): Promise<SubjectDataDeleted> {
    const { subject, filters, span } = readListQuery(request, { filters: ['reason'], subject: 'required' });
    const { reason } = filters;
    this.writes.assertReason(reason);
    if (span.from !== undefined || span.to !== undefined) throw allOrNothing();
    const { answer, nodes } = await askLedger(this.node, (questions) => questions.deleteSubject(subject!));
    // It names the attributes alone: a line that says whose data is gone would be such data.
    const after = { attributes: Object.keys(subject!), deleted: answer };
    this.writes.record(request, { action: 'subject-data-deleted', target: {}, reason, after });
    return { subject: subject!, deleted: answer, nodes };
  }
}

interface SubjectDataDeleted {
  readonly subject: Subject;
  readonly deleted: DeletedSubjectData;
  readonly nodes: readonly string[];
}

function allOrNothing(): QuotaError {
  const message = 'is not taken here: all that is recorded of the subject is deleted';
  return QuotaError.invalid('invalid-request', [{ path: 'from', message }]);
}
