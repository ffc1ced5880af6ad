import {
  type Override,
  overrideInputSchema,
  overridePageSchema,
  overrideRemovedSchema,
  overridesImportedSchema,
  overrideWrittenSchema,
  subjectSchema,
} from '@sundial/contract';
import { REASON } from '../admin/reason.js';
import type { Operation } from '../http/openapi/describe.js';

const tag = 'admin';
const PROBLEMS = ['invalid-request', 'rule-not-found', 'store-unavailable'] as const;
const BODY_PROBLEMS = ['invalid-json', 'payload-too-large', 'unsupported-media-type'] as const;

const MORE: Override = {
  rule: 'ocr-per-user',
  subject: { user: 'u1' },
  limits: [
    { window: 'day', add: 20 },
    { window: 'hour', set: null },
  ],
  validUntil: '2099-11-27T18:00:00+08:00',
  reason: 'The exam week',
  setAt: '2026-11-18T06:29:26.000Z',
  setBy: 'ops',
};
const { setAt: _setAt, setBy: _setBy, ...INPUT } = MORE;

const RULE = {
  in: 'query',
  name: 'rule',
  description: 'Whose overrides.',
  example: 'ocr-per-user',
} as const;

export const LIST_OVERRIDES: Operation = {
  id: 'listOverrides',
  tag,
  summary: 'The overrides of a rule',
  description:
    'In pages, in the order of their subjects. A page may be short and have a next one all the same.',
  parameters: [
    RULE,
    {
      in: 'query',
      name: 'cursor',
      description: 'The `next` of the page before.',
      example: 'WyJ1MSJd',
      optional: true,
    },
    {
      in: 'query',
      name: 'prefix',
      description: 'How the value of the first attribute begins.',
      example: 'u1',
      optional: true,
    },
    {
      in: 'query',
      name: 'active',
      description: '`true`: only those that are in force now.',
      example: 'true',
      optional: true,
    },
    { in: 'query', name: 'limit', description: '1 to 500, the default.', example: '100', optional: true },
  ],
  answers: {
    200: {
      description: 'A page.',
      schema: { name: 'OverridePage', schema: overridePageSchema },
      examples: { one: { summary: 'One subject has more', value: { overrides: [MORE] } } },
    },
  },
  problems: PROBLEMS,
};

export const SET_OVERRIDE: Operation = {
  id: 'setOverride',
  tag,
  summary: 'Give one subject limits of its own',
  description:
    'In force for the next check, on every node; what was counted stays counted. A subject has one override of a rule, which this replaces whole. `set` is the max whatever the rule says; `add` is on top of what would hold.',
  body: {
    schema: { name: 'OverrideInput', schema: overrideInputSchema },
    examples: {
      more: { summary: 'This one customer more until Friday', value: INPUT },
      none: {
        summary: 'Nothing more',
        value: { rule: 'ocr-per-user', subject: { user: 'u1' }, limits: [{ window: 'day', set: 0 }] },
      },
    },
  },
  answers: {
    200: {
      description: 'It is set; `before` is what was in its place.',
      schema: { name: 'OverrideWritten', schema: overrideWrittenSchema },
      examples: { set: { summary: 'The first one', value: { override: MORE, before: null } } },
    },
  },
  problems: [...PROBLEMS, ...BODY_PROBLEMS],
};

export const REMOVE_OVERRIDE: Operation = {
  id: 'removeOverride',
  tag,
  summary: 'Let the rule decide again',
  description: 'Every parameter but `rule` and `reason` is an attribute of the subject.',
  parameters: [
    RULE,
    REASON,
    {
      in: 'query',
      name: 'subject',
      description: 'Exactly the attributes that the rule counts by, each a parameter of its own.',
      fields: { name: 'Subject', schema: subjectSchema },
    },
  ],
  answers: {
    200: {
      description: 'What was in force, or was to be.',
      schema: { name: 'OverrideRemoved', schema: overrideRemovedSchema },
      examples: { removed: { summary: 'Removed', value: { override: MORE } } },
    },
  },
  problems: [...PROBLEMS, 'override-not-found'],
};

export const IMPORT_OVERRIDES: Operation = {
  id: 'importOverrides',
  tag,
  summary: 'Set many overrides',
  description:
    'The body is `application/x-ndjson`: on each line what `PUT /admin/overrides` takes, at most 10,000 lines. Where a line is not valid none is applied, and `errors` names it (`lines.3.limits.0`, counted from 1). ' +
    'Where the store fails meanwhile the answer is a 503, and some lines may be in force: import the same lines again, which is safe.',
  parameters: [REASON],
  answers: {
    200: {
      description: 'All of them are in force.',
      schema: { name: 'OverridesImported', schema: overridesImportedSchema },
      examples: { imported: { summary: 'Two lines', value: { imported: 2 } } },
    },
  },
  problems: [...PROBLEMS, ...BODY_PROBLEMS],
};

export const EXPORT_OVERRIDES: Operation = {
  id: 'exportOverrides',
  tag,
  summary: 'All overrides, as an import takes them',
  description: 'Lines of JSON (`application/x-ndjson`), of one rule or of all.',
  parameters: [{ ...RULE, optional: true }],
  answers: { 200: { description: 'A line for each override.' } },
  problems: PROBLEMS,
};
