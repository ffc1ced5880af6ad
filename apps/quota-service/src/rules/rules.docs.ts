import { REASON } from '../admin/reason.js';
import type { Operation } from '../http/openapi/describe.js';
import { DRY_RUN as DRY_RUN_TRUE } from './write-query.js';
import { rulePatchSchema, ruleSchema, ruleWrittenSchema } from '@sundial/contract';

export const RULE = {
  id: 'sms-per-account',
  resource: 'sms',
  per: ['account'],
  timeZone: 'Europe/Berlin',
  limits: [
    { window: 'day', max: 100 },
    { window: 'month', max: 2000 },
  ],
  mode: 'enforce',
  degrade: 'deny',
  description: 'Text messages of a shop',
  onDeny: { code: 'SMS_LIMIT', action: 'ask-support' },
};
const { id: _id, ...WITHOUT_ID } = RULE;
const WRITTEN = { rule: RULE, version: 13, nodes: { live: 3, applied: 3 } };
/** What the examples show of a change that does more than its own text says. */
export const EFFECTS = [
  { kind: 'counters-restart', rule: RULE.id, windows: ['day', 'month'], changed: ['timeZone'] },
  { kind: 'callers-need-attribute', rule: RULE.id, resource: RULE.resource, attribute: 'account' },
];
const DRY_RUN_ANSWER = { rule: RULE, version: 12, effects: EFFECTS };

const tag = 'admin';
const id = { in: 'path', name: 'id', description: 'The id of the rule.', example: RULE.id } as const;
const ifMatch = {
  in: 'header',
  name: 'If-Match',
  description: 'Only if the rule is still at this revision (its ETag), or at one of these.',
  example: '"12"',
  optional: true,
} as const;
const ETAG = { ETag: 'The revision of the rule, for If-Match.' };
/** What is tried out with the examples is to be written. */
const DRY_RUN = { ...DRY_RUN_TRUE, example: 'false' } as const;
/** Beside the other reasons of this status, which `Route` knows. */
export const NOT_NOW = ['store-unavailable'] as const;
export const UNREADABLE = ['invalid-json', 'payload-too-large', 'unsupported-media-type'] as const;

const written = (summary: string) => ({
  description: 'Stored, and in force on as many nodes as `nodes.applied` says.',
  schema: { name: 'RuleWritten', schema: ruleWrittenSchema },
  examples: { written: { summary, value: WRITTEN } },
});
const dryRun = {
  schema: { name: 'RuleWritten', schema: ruleWrittenSchema },
  examples: { dryRun: { summary: 'A dry run', value: DRY_RUN_ANSWER } },
};
/** One that is also the answer of a dry run. */
const writtenOrNot = (summary: string) => {
  const answer = written(summary);
  return { ...answer, examples: { ...answer.examples, ...dryRun.examples }, headers: ETAG };
};
const LOCATION = { Location: 'The path of the rule.' };

export const READ_RULE: Operation = {
  id: 'readRule',
  tag,
  summary: 'One rule',
  parameters: [id],
  answers: {
    200: {
      description: 'The rule.',
      schema: { name: 'Rule', schema: ruleSchema },
      examples: { rule: { summary: 'A rule', value: RULE } },
      headers: ETAG,
    },
    304: { description: 'Still the revision of If-None-Match.' },
  },
  problems: ['rule-not-found'],
};

export const CREATE_RULE: Operation = {
  id: 'createRule',
  tag,
  summary: 'Create a rule',
  description: 'It is in force on all live nodes when the answer arrives, or `nodes` says on how many.',
  body: {
    schema: { name: 'Rule', schema: ruleSchema },
    examples: {
      full: { summary: 'Every field', value: RULE },
      short: {
        summary: 'The least',
        value: {
          id: 'export-per-user',
          resource: 'report',
          per: ['user'],
          limits: [{ window: 'week', max: 5 }],
        },
      },
      meters: {
        summary: 'Slots of five hours, and tokens of a business day',
        value: {
          id: 'tutor-per-user',
          resource: 'tutor',
          per: ['user'],
          limits: [
            { window: { unit: 'hour', every: 5 }, max: 40 },
            { window: { unit: 'day', startsAt: '04:00' }, meter: 'tokens', max: 20_000 },
          ],
        },
      },
    },
  },
  parameters: [DRY_RUN, REASON],
  answers: {
    200: { ...dryRun, description: 'A dry run: nothing was written.' },
    201: { ...written('Created'), headers: { ...ETAG, ...LOCATION } },
  },
  problems: ['invalid-request', 'invalid-rule', ...UNREADABLE, 'rule-exists', ...NOT_NOW],
};

export const REPLACE_RULE: Operation = {
  id: 'replaceRule',
  tag,
  summary: 'Replace a rule, or create it',
  description:
    'Where there is no rule with the id of the path, it is created (201), unless there is an If-Match. Another `max` keeps ' +
    'what was counted, and so does another order of `per`; another `window`, `timeZone` or `resource`, and other attributes in `per`, ' +
    'start new counters. `effects` says so, and which attributes callers must send from now on; `?dryRun=true` does nothing else.',
  parameters: [
    id,
    ifMatch,
    {
      in: 'header',
      name: 'If-None-Match',
      description: '`*`: only if there is no rule with this id.',
      example: '*',
      optional: true,
    },
    DRY_RUN,
    REASON,
  ],
  body: {
    schema: { name: 'Rule', schema: ruleSchema },
    examples: {
      full: { summary: 'Every field; the id may be left out', value: { ...WITHOUT_ID, id: RULE.id } },
    },
  },
  answers: {
    200: writtenOrNot('Replaced'),
    201: { ...written('Created'), headers: { ...ETAG, ...LOCATION } },
  },
  problems: ['invalid-request', 'invalid-rule', ...UNREADABLE, 'rule-not-found', 'rule-changed', ...NOT_NOW],
};

export const PATCH_RULE: Operation = {
  ...REPLACE_RULE,
  id: 'patchRule',
  summary: 'Change some fields of a rule',
  description:
    'A rule that is there; for counters and callers a patch does what a replacement does, and `effects` says so.',
  parameters: [id, ifMatch, DRY_RUN, REASON],
  body: {
    schema: { name: 'RulePatch', schema: rulePatchSchema },
    examples: {
      raise: { summary: 'Another limit', value: { limits: [{ window: 'day', max: 150 }] } },
      pause: { summary: 'Turn the rule off', value: { mode: 'off', description: null } },
    },
  },
  answers: { 200: writtenOrNot('Changed') },
};

export const DELETE_RULE: Operation = {
  id: 'deleteRule',
  tag,
  summary: 'Delete a rule',
  description: 'The answer holds the rule as it was. Its counters stay until their windows have passed.',
  parameters: [id, ifMatch, DRY_RUN, REASON],
  answers: { 200: written('Deleted') },
  problems: ['invalid-request', 'rule-not-found', 'rule-changed', ...NOT_NOW],
};
