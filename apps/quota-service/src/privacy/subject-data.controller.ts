import { Controller, Delete, Get, Req, Res } from '@nestjs/common';
import { QuotaError, said, type Subject } from '@sundial/contract';
import type { DeletedSubjectData, DeletedSubjectEvents } from '@sundial/ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { EVENT_COLUMNS } from '../ledger/questions/columns.js';
import { sendList } from '../ledger/questions/list-answer.js';
import { readListQuery } from '../ledger/questions/list-query.js';
import { DELETE_SUBJECT_DATA, EXPORT_SUBJECT_DATA } from './subject-data.docs.js';
import { SubjectData } from './subject-data.js';

const COLUMNS = [...EVENT_COLUMNS, 'cloudEvent', 'deliveries'] as const;

/** What privacy law asks for: all that is recorded of one subject, to be given out or to be gone. */
@Controller('admin/subjects/data')
export class SubjectDataController {
  constructor(
    private readonly data: SubjectData,
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
    const { answer, nodes } = await this.data.list(subject!, page, timeZone);
    return sendList(reply, { name: 'events', answer, nodes, format, columns: COLUMNS });
  }

  @Delete()
  @Describe(DELETE_SUBJECT_DATA)
  @Route({ access: 'admin', role: 'admin' })
  async remove(@Req() request: FastifyRequest): Promise<SubjectDataDeleted> {
    const { subject, filters, span } = readListQuery(request, { filters: ['reason'], subject: 'required' });
    const { reason } = filters;
    this.writes.assertReason(reason);
    if (span.from !== undefined || span.to !== undefined) throw allOrNothing();
    const { answer, nodes } = await this.data.remove(subject!);
    // It names the attributes alone: a line that says whose data is gone would be such data.
    const after = { attributes: Object.keys(subject!), deleted: answer };
    this.writes.record(request, { action: 'subject-data-deleted', target: {}, reason, after });
    return { subject: subject!, deleted: answer, nodes };
  }
}

interface SubjectDataDeleted {
  readonly subject: Subject;
  readonly deleted: DeletedSubjectData & DeletedSubjectEvents;
  readonly nodes: readonly string[];
}

function allOrNothing(): QuotaError {
  return QuotaError.invalid('invalid-request', [{ path: 'from', ...said('not-taken') }]);
}
