import type { Operation } from '../http/openapi/describe.js';
import { cursor, filter, FORMAT, PAGES, PROBLEMS, SPAN, SUBJECT, tag, ZONE } from './list.docs.js';
import { auditSchema, decisionsSchema, operationSchema } from './ledger.schema.js';

const NODES = ['sundial-1:3000', 'sundial-2:3000'];
const RESERVED = {
  id: '00000000a3k',
  at: '2026-11-18T06:28:57.12Z',
  node: 'sundial-1:3000',
  kind: 'reserve',
  outcome: 'allowed',
  resource: 'ocr',
  subject: { user: 'u1' },
  operationId: '01JD3Y',
  actor: 'shop',
  reason: 'ok',
  amounts: { units: 1 },
  rulesVersion: 12,
  latencyMs: 0.84,
};
const COMMITTED = {
  ...RESERVED,
  id: '00000000a3x',
  at: '2026-11-18T06:29:01.3Z',
  node: 'sundial-2:3000',
  kind: 'commit',
  outcome: 'committed',
};
const RAISED = {
  id: '00000000a41',
  at: '2026-11-18T06:29:59Z',
  node: 'sundial-1:3000',
  kind: 'admin',
  outcome: 'rule-changed',
  actor: 'ops',
  target: 'ocr-per-user',
  reason: 'the exam week',
};

export const OPERATION: Operation = {
  id: 'operationHistory',
  tag,
  summary: 'All that is known of one operation, in order',
  description:
    'Of every scope that the id was used in, from every node that records in the same ledger: checks and their repetitions, reserves, extensions, endings, expiry, refunds, settlements after an outage, reports of clients, receipts. An id that nothing is known of has no operations.',
  parameters: [
    { in: 'path', name: 'id', description: 'The operation id, percent-encoded.', example: '01JD3Y' },
    ZONE,
    FORMAT,
  ],
  answers: {
    200: {
      description: 'In the order of time.',
      schema: { name: 'OperationHistory', schema: operationSchema },
      examples: {
        committed: {
          summary: 'Reserved on one node, committed on another',
          value: {
            operations: [{ resource: 'ocr', subject: { user: 'u1' }, events: [RESERVED, COMMITTED] }],
            nodes: NODES,
          },
        },
      },
    },
  },
  problems: PROBLEMS,
};

export const DECISIONS: Operation = {
  id: 'listDecisions',
  tag,
  summary: 'What was decided',
  description: `Checks, reserves and extensions. ${PAGES}`,
  parameters: [
    filter('resource', 'Of this resource alone.', 'ocr'),
    filter(
      'outcome',
      '`allowed`, `denied`, `degraded`, `replayed`, or a reason such as `limit-reached`.',
      'denied',
    ),
    filter('node', 'By this node alone.', 'sundial-1:3000'),
    { ...SUBJECT, optional: true },
    cursor(),
    ...SPAN,
  ],
  answers: {
    200: {
      description: 'A page.',
      schema: { name: 'LedgerDecisions', schema: decisionsSchema },
      examples: {
        refused: {
          summary: 'One refusal',
          value: {
            decisions: [{ ...RESERVED, kind: 'check', outcome: 'denied', reason: 'limit-reached' }],
            nodes: NODES,
          },
        },
      },
    },
  },
  problems: PROBLEMS,
};

export const AUDIT: Operation = {
  id: 'listAudit',
  tag,
  summary: 'Who changed what',
  description: `Writes of operators with what was there before and after, and what gates, brakes and drills were in force on each node. ${PAGES}`,
  parameters: [
    filter('actor', 'The name of a key.', 'ops'),
    filter('action', 'Such as `rule-changed`, `override-set`, `gate-set`.', 'rule-changed'),
    filter('rule', 'The id of a rule.', 'ocr-per-user'),
    filter('target', 'Instead of a rule: a resource, or the id of a brake or a pack.', 'ocr'),
    cursor(),
    ...SPAN,
  ],
  answers: {
    200: {
      description: 'A page.',
      schema: { name: 'LedgerAudit', schema: auditSchema },
      examples: { raised: { summary: 'A limit was raised', value: { audit: [RAISED], nodes: NODES } } },
    },
  },
  problems: PROBLEMS,
};
