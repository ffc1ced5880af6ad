import type { Subject } from '@sundial/contract';
import type { RecordedEvent } from '../contract/ledger-event.js';
import type {
  AffectedDecision,
  LedgerPage,
  LedgerQuestions,
  LedgerRows,
  Outage,
} from '../contract/ledger-questions.js';
import {
  decisionQuery,
  eventQuery,
  recordedEvent,
  type EventQuery,
  type EventSource,
} from './event-query.js';
import { hourlyVolumes } from './hourly-volumes.js';
import { pageOf } from './page.js';
import type { PermanentQuestions } from './permanent-questions.js';
import type { SubjectSearch } from './subject-search.js';

/** Rows of one operation that are shown. */
const MAX_OF_OPERATION = 10_000;

/** The questions that a reader answers by itself; deleting is the writer's. */
export type Answers = Omit<LedgerQuestions, 'deleteSubject'>;

export function answersOf(
  find: EventSource,
  permanent: PermanentQuestions,
  subjects: SubjectSearch,
): Answers {
  const pageFrom = async (query: EventQuery): Promise<LedgerRows<RecordedEvent>> =>
    pageOf((await find(query)).map(recordedEvent), query.limit - 1, ({ id }) => id);
  const operation = async (operationId: string): Promise<readonly RecordedEvent[]> => {
    const rows = await find({ operationId, order: 'oldest', limit: MAX_OF_OPERATION });
    return rows.map(recordedEvent).sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
  };
  return {
    operation,
    decisions: (filter = {}, page = {}) => pageFrom(decisionQuery(filter, page)),
    audit: (filter = {}, page = {}) => permanent.audit(filter, page),
    events: async (filter = {}, page = {}) => {
      const answer = await pageFrom(eventQuery(filter, page));
      const next = answer.next ?? answer.rows.at(-1)?.id ?? page.cursor;
      return page.order === 'oldest' && next !== undefined ? { ...answer, next } : answer;
    },
    usageHistory: (filter, page = {}) => permanent.usageHistory(filter, page),
    top: (filter, page = {}) => permanent.top(filter, page),
    subjects: (words, page = {}) => subjects.search(words, page),
    outages: (filter = {}, page = {}) => permanent.outages(filter, page),
    affected: ({ node, from, to }, page = {}) => affected({ node, from, to }, page, pageFrom, operation),
    exportSubject: (subject, page = {}) =>
      pageFrom(eventQuery({ subject: named(subject) }, { order: 'oldest', ...page })),
    nodes: () => permanent.nodes(),
    volumes: (now) => hourlyVolumes(permanent.db, now),
    writers: () => permanent.writers(),
  };
}

async function affected(
  { node, from, to }: Pick<Outage, 'node' | 'from' | 'to'>,
  page: LedgerPage,
  pageFrom: (query: EventQuery) => Promise<LedgerRows<RecordedEvent>>,
  operation: LedgerQuestions['operation'],
): Promise<LedgerRows<AffectedDecision>> {
  const filter = { node, from, ...(to !== null && { to: to + 1 }), outcome: 'degraded' };
  const { rows, next } = await pageFrom(decisionQuery(filter, page));
  const decisions: AffectedDecision[] = [];
  for (const decision of rows) {
    const { operationId, id } = decision;
    const events = operationId === undefined ? [] : await operation(operationId);
    decisions.push({
      decision,
      afterwards: events.filter((event) => event.id > id && event.resource === decision.resource),
    });
  }
  return { rows: decisions, ...(next !== undefined && { next }) };
}

function named(subject: Subject): Subject {
  if (Object.keys(subject).length > 0) return subject;
  throw new TypeError('A subject without attributes would be everything: name at least one.');
}
