import { REASON } from '../admin/reason.js';
import { MAX_RULES_PER_PAGE, ruleListSchema, ruleSetSchema, ruleSetWrittenSchema } from '@sundial/contract';
import type { Operation } from '../http/openapi/describe.js';
import { DRY_RUN } from './write-query.js';
import { EFFECTS, NOT_NOW, RULE, UNREADABLE } from './rules.docs.js';

const tag = 'admin';
const HEADERS = { ETag: 'The version of all rules.' };
const optional = true;

export const LIST_RULES: Operation = {
  id: 'listRules',
  tag,
  summary: 'The rules in force on this node, in pages',
  description:
    'In order of their ids. Each page is of the rules in force when it is made, and says which version that is: over writes ' +
    'in between, no rule comes twice, and every rule that was there all along comes once.',
  parameters: [
    {
      in: 'query',
      name: 'cursor',
      description: 'The `next` of the page before.',
      example: 'YWZ0ZXI6YQ',
      optional,
    },
    {
      in: 'query',
      name: 'limit',
      description: `The most rules of a page: 1 to ${MAX_RULES_PER_PAGE}, which is the default.`,
      example: '100',
      optional,
    },
    { in: 'query', name: 'resource', description: 'Only rules of this resource.', example: 'sms', optional },
    { in: 'query', name: 'mode', description: 'Only rules in this mode.', example: 'enforce', optional },
    {
      in: 'query',
      name: 'idPrefix',
      description: 'Only rules whose id begins so.',
      example: 'sms-',
      optional,
    },
  ],
  answers: {
    200: {
      description: '`next` is there while more rules follow.',
      schema: { name: 'RuleList', schema: ruleListSchema },
      examples: {
        one: { summary: 'One rule', value: { rules: [RULE], version: 12 } },
        page: {
          summary: 'A page',
          value: { rules: [RULE], version: 12, next: 'YWZ0ZXI6c21zLXBlci1hY2NvdW50' },
        },
      },
      headers: HEADERS,
    },
    304: { description: 'Still the version of If-None-Match.' },
  },
  problems: ['invalid-request'],
};

const CHANGES = { created: [RULE.id], changed: [], removed: ['sms-per-shop'] };

export const REPLACE_RULES: Operation = {
  id: 'replaceRules',
  tag,
  summary: 'Replace all rules by a set',
  description:
    'All of the set is validated, then all is in force with one version, or nothing is changed; rules that can match nothing are refused, each ' +
    'by its place. Rules that are as the set ' +
    'has them keep their revisions, and so do those whose `per` has another order; a set without a difference writes ' +
    'nothing. `effects` says which counters begin at 0, and which attributes callers must send from now on. It is in force on all live nodes when the ' +
    'answer arrives, or `nodes` says on how many.',
  parameters: [
    {
      in: 'header',
      name: 'If-Match',
      description: 'Only if the rules are still at this version (the ETag of the list).',
      example: '"12"',
      optional,
    },
    DRY_RUN,
    REASON,
  ],
  body: {
    schema: { name: 'RuleSet', schema: ruleSetSchema },
    examples: { set: { summary: 'The whole set', value: { rules: [RULE] } } },
  },
  answers: {
    200: {
      description: 'The ids of what was created, changed and removed; without `nodes` after a dry run.',
      schema: { name: 'RuleSetWritten', schema: ruleSetWrittenSchema },
      examples: {
        written: { summary: 'Stored', value: { ...CHANGES, version: 13, nodes: { live: 3, applied: 3 } } },
        dryRun: { summary: 'A dry run', value: { ...CHANGES, version: 12, effects: EFFECTS } },
      },
      headers: HEADERS,
    },
  },
  problems: ['invalid-request', 'invalid-rule', ...UNREADABLE, 'rules-changed', ...NOT_NOW],
};
