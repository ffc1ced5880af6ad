import type { Operation } from '../http/openapi/describe.js';

const count = { type: 'integer', minimum: 0 } as const;

const ruleUseSchema = {
  title: 'RuleUse',
  type: 'object',
  properties: {
    since: {
      type: 'string',
      format: 'date-time',
      description: 'When the node began to count: another one than before means another node, or a restart.',
    },
    at: {
      type: 'string',
      format: 'date-time',
      description: 'By the clock of the node that answers: two answers make a rate.',
    },
    rules: {
      type: 'array',
      description:
        'In the order in which they were asked for; one that the node has not decided under has zeros.',
      items: {
        title: 'UseOfRule',
        type: 'object',
        properties: {
          rule: { type: 'string' },
          allowed: { ...count, description: 'Decisions that allowed, those without the store included.' },
          denied: {
            ...count,
            description: 'Decisions that this rule refused, and those without the store that refused.',
          },
          wouldDeny: {
            ...count,
            description: 'Decisions that it would have refused if it did not only observe.',
          },
        },
        required: ['rule', 'allowed', 'denied', 'wouldDeny'],
        additionalProperties: false,
      },
    },
  },
  required: ['since', 'at', 'rules'],
  additionalProperties: false,
} as const;

export const RULE_USE: Operation = {
  id: 'readRuleUse',
  tag: 'admin',
  summary: 'What this node has decided under rules since its start',
  description:
    'The same numbers as `sundial_decisions_total` of `GET /metrics`, of the node that answers, for a page that shows rules with their use. Of all nodes: add up the metrics.',
  parameters: [
    {
      in: 'query',
      name: 'rules',
      description: 'Ids of 1 to 100 rules, with commas between.',
      example: 'ocr-per-user',
    },
  ],
  answers: {
    200: {
      description: 'The counts.',
      schema: { name: 'RuleUse', schema: ruleUseSchema },
      examples: {
        use: {
          summary: 'One rule',
          value: {
            since: '2026-11-20T01:00:00.000Z',
            at: '2026-11-22T06:29:26.118Z',
            rules: [{ rule: 'ocr-per-user', allowed: 1_204, denied: 33, wouldDeny: 0 }],
          },
        },
      },
    },
  },
  problems: ['invalid-request'],
};
