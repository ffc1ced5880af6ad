import type { Operation } from '../http/openapi/describe.js';
import { cursor, CURSOR_OF_SPANS, filter, PAGE, PAGES, PROBLEMS, SPAN, SUBJECT, tag } from './list.docs.js';
import {
  foundSubjectsSchema,
  outageCallsSchema,
  outagesSchema,
  topSubjectsSchema,
  usageHistorySchema,
} from './ledger.schema.js';

const NODES = ['sundial-1:3000', 'sundial-2:3000'];
const WINDOW = {
  rule: 'ocr-per-user',
  resource: 'ocr',
  subject: { user: 'u1' },
  window: 'day',
  meter: 'units',
  startsAt: '2026-11-18T00:00:00+08:00',
  resetsAt: '2026-11-19T00:00:00+08:00',
  used: 10,
  reserved: 0,
  max: 10,
  allowed: 10,
  denied: 3,
  seenAt: '2026-11-18T21:14:03+08:00',
};
const OUTAGE = {
  node: 'sundial-1:3000',
  from: '2026-11-18T06:28:57.12Z',
  to: '2026-11-18T06:31:12Z',
  allowed: 412,
  denied: 7,
  settled: { counted: 410, conflict: 1 },
  pending: 1,
};

export const USAGE_HISTORY: Operation = {
  id: 'usageHistory',
  tag,
  summary: 'What a subject used in past windows',
  description: `Each counter's windows as they were last seen: they agree with the counters, but for what is missing from the ledger. Kept 400 days. ${PAGES}`,
  parameters: [
    SUBJECT,
    filter('window', 'As the rule wrote it, such as `day`.', 'day'),
    filter('rule', 'Of this rule alone.', 'ocr-per-user'),
    filter('meter', 'Of this meter alone.', 'units'),
    CURSOR_OF_SPANS,
    ...SPAN,
  ],
  answers: {
    200: {
      description: 'A page.',
      schema: { name: 'UsageHistory', schema: usageHistorySchema },
      examples: { day: { summary: 'One day', value: { windows: [WINDOW], nodes: NODES } } },
    },
  },
  problems: PROBLEMS,
};

export const TOP: Operation = {
  id: 'topSubjects',
  tag,
  summary: 'The subjects that used the most, or were refused the most',
  description: 'Over the days, in UTC, that the span touches.',
  parameters: [
    filter('by', '`used` (the default) or `denied`.', 'used'),
    filter('resource', 'Of this resource alone.', 'ocr'),
    filter('meter', 'What is added up of it. Default `units`.', 'units'),
    ...SPAN,
  ],
  answers: {
    200: {
      description: 'The largest first.',
      schema: { name: 'TopSubjects', schema: topSubjectsSchema },
      examples: {
        one: {
          summary: 'One subject',
          value: {
            subjects: [{ resource: 'ocr', subject: { user: 'u1' }, used: 42, allowed: 42, denied: 3 }],
            nodes: NODES,
          },
        },
      },
    },
  },
  problems: PROBLEMS,
};

export const SEARCH_SUBJECTS: Operation = {
  id: 'searchSubjects',
  tag,
  summary: 'Subjects by how values of their attributes begin',
  description:
    'Of those that a rule counted in the last 400 days. Each word is `name=value`, or a value of any attribute; all of them must be right. ' +
    'The first word is found by an index; the others are looked for among the first 10,000 that it finds.',
  parameters: [
    filter('q', 'Words with spaces between them; without them, the first subjects there are.', 'user=u1'),
    filter('limit', '1 to 100. Default 20.', '20'),
  ],
  answers: {
    200: {
      description: 'In the order of the value that the first word finds.',
      schema: { name: 'FoundSubjects', schema: foundSubjectsSchema },
      examples: {
        one: {
          summary: 'One subject',
          value: { subjects: [{ subject: { user: 'u1' }, seenAt: WINDOW.seenAt }], nodes: NODES },
        },
      },
    },
  },
  problems: PROBLEMS,
};

export const OUTAGES: Operation = {
  id: 'listOutages',
  tag,
  summary: 'When nodes decided without the store, and what became of it',
  description: `A span for each node that could not ask the store. ${PAGES}`,
  parameters: [CURSOR_OF_SPANS, ...SPAN],
  answers: {
    200: {
      description: 'A page.',
      schema: { name: 'LedgerOutages', schema: outagesSchema },
      examples: { two: { summary: 'Two minutes of one node', value: { outages: [OUTAGE], nodes: NODES } } },
    },
  },
  problems: PROBLEMS,
};

export const OUTAGE_CALLS: Operation = {
  id: 'listOutageCalls',
  tag,
  summary: 'The calls that one outage affected',
  description:
    'Each decision that was made without the store, and what is recorded of its operation afterwards.',
  parameters: [
    { in: 'query', name: 'node', description: 'The node of the outage.', example: 'sundial-1:3000' },
    {
      in: 'query',
      name: 'from',
      description: 'When it began, as it is listed.',
      example: '2026-11-18T06:28:57.12Z',
    },
    filter('to', 'When it was over, as it is listed; absent while it lasts.', '2026-11-18T06:31:12Z'),
    cursor(),
    ...PAGE,
  ],
  answers: {
    200: {
      description: 'A page.',
      schema: { name: 'OutageCalls', schema: outageCallsSchema },
      examples: { none: { summary: 'None was affected', value: { calls: [], nodes: NODES } } },
    },
  },
  problems: PROBLEMS,
};
