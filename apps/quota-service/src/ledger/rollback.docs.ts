import { ruleWrittenSchema } from '@sundial/contract';
import type { Operation } from '../http/openapi/describe.js';
import { rollbackSchema } from './ledger.schema.js';
import { PROBLEMS } from './list.docs.js';

const RULE = {
  id: 'sms-per-account',
  resource: 'sms',
  per: ['account'],
  timeZone: 'Europe/Berlin',
  limits: [{ window: 'day', max: 100 }],
  mode: 'enforce',
  degrade: 'deny',
};

export const ROLL_BACK_RULE: Operation = {
  id: 'rollBackRule',
  tag: 'ledger',
  summary: 'Make a rule what it was at an earlier version of the rules',
  description:
    'As the audit has it (GET /admin/audit?rule=…). It is a write like any other: with a version of its own, effects, and a line in the audit. A rule that was deleted since is there again.',
  parameters: [{ in: 'path', name: 'id', description: 'The id of the rule.', example: RULE.id }],
  body: {
    schema: { name: 'RuleRollback', schema: rollbackSchema },
    examples: {
      before: { summary: 'Before the last change', value: { version: 12, reason: 'too generous' } },
    },
  },
  answers: {
    200: {
      description: 'Stored, and in force on as many nodes as `nodes.applied` says.',
      schema: { name: 'RuleWritten', schema: ruleWrittenSchema },
      examples: {
        written: { summary: 'As it was', value: { rule: RULE, version: 14, nodes: { live: 3, applied: 3 } } },
      },
    },
  },
  problems: [
    ...PROBLEMS,
    ...([
      'invalid-rule',
      'rule-not-found',
      'invalid-json',
      'payload-too-large',
      'unsupported-media-type',
    ] as const),
    'store-unavailable',
  ],
};
