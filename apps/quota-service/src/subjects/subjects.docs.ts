import {
  nearSubjectsSchema,
  resetSubjectSchema,
  subjectResetSchema,
  subjectSchema,
  subjectUsageSchema,
} from '@sundial/contract';
import { ALLOWED } from '../check/check.docs.js';
import type { Operation } from '../http/openapi/describe.js';

const tag = 'admin';
const { limits } = ALLOWED;
const cursor = {
  in: 'query',
  name: 'cursor',
  description: 'The `next` of the page before; absent on the first one.',
  optional: true,
} as const;

export const NEAR_SUBJECTS: Operation = {
  id: 'nearSubjects',
  tag,
  summary: 'Who is near a limit of a rule, or over it',
  description:
    'A page looks at about 1,000 subjects of the rule, or at 20,000 keys of the store, and shows those that have used or hold `near` of a limit ' +
    "and more. They are judged by their counters, the rule's own limits and their overrides: the tier that a check names is not known. The next page may have some where this one has none. Subjects that are counted for the first time meanwhile may be missed.",
  parameters: [
    { in: 'query', name: 'rule', description: 'The id of the rule.', example: 'ocr-per-user' },
    {
      in: 'query',
      name: 'near',
      description: 'From which part of a max on; 1: has no room. Default 0.8.',
      example: '0.5',
      optional: true,
    },
    { ...cursor, example: 'MA' },
  ],
  answers: {
    200: {
      description:
        'Those of the page with the largest share first. Values that stand hashed in the store are shown so.',
      schema: { name: 'NearSubjects', schema: nearSubjectsSchema },
      examples: {
        one: {
          summary: 'One of a thousand',
          value: {
            rule: 'ocr-per-user',
            near: 0.8,
            subjects: [{ subject: { user: 'u1' }, share: 0.9, limits }],
            looked: 1_000,
            next: 'MzI3Njg',
          },
        },
      },
    },
  },
  problems: ['invalid-request', 'rule-not-found', 'store-unavailable'],
};

export const SUBJECT_USAGE: Operation = {
  id: 'subjectUsage',
  tag,
  summary: 'What a subject has used of all resources',
  description:
    'Under every rule that counts by nothing but the attributes that are given. Others that say the tier, the zone or the billing day of a check are given, too; ' +
    'without them the limits are those of a check without them. Rules that count all together, and rules that are off, are left out. ' +
    'A page holds 200 rules.',
  parameters: [
    {
      in: 'query',
      name: 'subject',
      description:
        'Each attribute is a parameter of its own: `user=u1&grade=3&plan=vip`; a hash as it is shown is one too.',
      fields: { name: 'Subject', schema: subjectSchema },
    },
    { ...cursor, example: 'a-rule' },
  ],
  answers: {
    200: {
      description: 'As the store has it now. Writes nothing.',
      schema: { name: 'SubjectUsage', schema: subjectUsageSchema },
      examples: {
        used: {
          summary: 'Some used',
          value: { subject: { user: 'u1' }, resources: [{ resource: 'ocr', limits }], rulesVersion: 12 },
        },
      },
    },
  },
  problems: ['invalid-request', 'store-unavailable'],
};

export const RESET_SUBJECT: Operation = {
  id: 'resetSubject',
  tag,
  summary: 'Set what a subject has used to 0',
  description:
    'In the current windows, which end when they would have ended; `total` limits too. Of one rule, or of all that count by exactly the attributes of the ' +
    'subject. What live reservations hold stays held, and they are named in the answer. Rules are reset one after the other: a 503 on the way names those that were.',
  body: {
    schema: { name: 'SubjectReset', schema: subjectResetSchema },
    examples: {
      rule: {
        summary: 'Of one rule',
        value: { rule: 'ocr-per-user', subject: { user: 'u1' }, reason: 'counted twice by mistake' },
      },
      all: { summary: 'Of all rules that count by user', value: { subject: { user: 'u1' } } },
    },
  },
  answers: {
    200: {
      description: 'Every rule that was reset, after it.',
      schema: { name: 'ResetSubject', schema: resetSubjectSchema },
      examples: {
        reset: {
          summary: 'One rule',
          value: {
            subject: { user: 'u1' },
            rules: [{ rule: 'ocr-per-user', resource: 'ocr', limits, holds: [] }],
          },
        },
      },
    },
  },
  problems: [
    'invalid-request',
    'invalid-json',
    'payload-too-large',
    'unsupported-media-type',
    'rule-not-found',
    'store-unavailable',
  ],
};
