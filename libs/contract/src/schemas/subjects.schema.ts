import { MAX_REASON_LENGTH, NAME_PATTERN } from '../bounds.js';
import { decisionSchema, usageSchema } from './decision.schema.js';
import { checkRequestSchema, usageRequestSchema } from './request.schema.js';
import { reserveRequestSchema } from './reservation.schema.js';
import { ruleWrittenSchema, rulePatchSchema, ruleSchema } from './rule.schema.js';

const { limits } = usageSchema.properties;
const shownSubject = {
  title: 'ShownSubject',
  type: 'object',
  description: 'A value that stands hashed in counters is shown as `~` and its hash.',
  additionalProperties: { type: 'string' },
} as const;
const next = { type: 'string', description: 'The cursor of the next page; absent on the last one.' } as const;
const count = { type: 'integer', minimum: 0 } as const;

const subjectStateSchema = {
  title: 'SubjectState',
  type: 'object',
  properties: {
    subject: shownSubject,
    hashed: {
      type: 'array',
      description: 'Attributes of which a hash is shown, not the value.',
      items: { type: 'string' },
    },
    share: {
      type: 'number',
      description: 'The largest used and held part of a max; 1 and more: a limit has no room.',
    },
    limits,
  },
  required: ['subject', 'share', 'limits'],
  additionalProperties: false,
} as const;

export const nearSubjectsSchema = {
  title: 'NearSubjects',
  type: 'object',
  properties: {
    rule: { type: 'string' },
    near: { type: 'number' },
    subjects: { type: 'array', items: subjectStateSchema },
    looked: { ...count, description: 'Subjects that were looked at for this page.' },
    next,
  },
  required: ['rule', 'near', 'subjects', 'looked'],
  additionalProperties: false,
} as const;

const heldUnits = {
  title: 'HeldUnits',
  type: 'object',
  properties: {
    expiresAt: { type: 'string', format: 'date-time' },
    onExpiry: reserveRequestSchema.properties.onExpiry,
    amounts: { type: 'object', description: 'By meter.', additionalProperties: count },
  },
  required: ['expiresAt', 'onExpiry', 'amounts'],
  additionalProperties: false,
} as const;

const heldByRule = {
  ...heldUnits,
  title: 'HeldByRule',
  properties: { rule: { type: 'string' }, ...heldUnits.properties },
  required: ['rule', ...heldUnits.required],
} as const;

export const subjectUsageSchema = {
  title: 'SubjectUsage',
  type: 'object',
  properties: {
    subject: shownSubject,
    resources: {
      type: 'array',
      items: {
        title: 'ResourceUsage',
        type: 'object',
        properties: {
          resource: { type: 'string' },
          limits,
          holds: {
            type: 'array',
            description:
              'The live reservations, of each rule the first 100 to expire; absent where nothing is held.',
            items: heldByRule,
          },
        },
        required: ['resource', 'limits'],
        additionalProperties: false,
      },
    },
    rulesVersion: { type: 'integer' },
    next,
  },
  required: ['subject', 'resources', 'rulesVersion'],
  additionalProperties: false,
} as const;

export const subjectResetSchema = {
  title: 'SubjectReset',
  type: 'object',
  properties: {
    rule: {
      type: 'string',
      pattern: NAME_PATTERN.source,
      description: 'Absent: of all rules that count by exactly the attributes of the subject.',
    },
    subject: usageRequestSchema.properties.subject,
    reason: { type: 'string', maxLength: MAX_REASON_LENGTH, description: 'For logs and the ledger.' },
  },
  required: ['subject'],
  additionalProperties: false,
} as const;

export const resetSubjectSchema = {
  title: 'ResetSubject',
  type: 'object',
  properties: {
    subject: shownSubject,
    rules: {
      type: 'array',
      items: {
        title: 'ResetRule',
        type: 'object',
        properties: {
          rule: { type: 'string' },
          resource: { type: 'string' },
          limits,
          holds: {
            type: 'array',
            description: 'The live reservations: what they hold stays held. The first 100 to expire.',
            items: heldUnits,
          },
        },
        required: ['rule', 'resource', 'limits', 'holds'],
        additionalProperties: false,
      },
    },
  },
  required: ['subject', 'rules'],
  additionalProperties: false,
} as const;

export const rulePreviewRequestSchema = {
  title: 'RulePreviewRequest',
  type: 'object',
  description:
    'A rule as `POST /admin/rules` takes it, or the same as `rule`; or the `id` of one that is in force, and the fields that would `change`.',
  properties: {
    ...ruleSchema.properties,
    rule: ruleSchema,
    change: { title: 'RulePatch', ...rulePatchSchema },
  },
  additionalProperties: false,
} as const;

export const ruleOutlookSchema = {
  title: 'RuleOutlook',
  type: 'object',
  properties: {
    rule: ruleWrittenSchema.properties.rule,
    version: { type: 'integer' },
    effects: ruleWrittenSchema.properties.effects,
    sampled: { ...count, description: 'Subjects that were looked at.' },
    isComplete: { type: 'boolean', description: 'They are all there are.' },
    over: { ...count, description: 'Of these, those that have no room left under one of its limits.' },
    near: { ...count, description: 'Those that have, and have used 80 % of one.' },
    examples: { type: 'array', items: subjectStateSchema },
  },
  required: ['rule', 'version', 'sampled', 'isComplete', 'over', 'near', 'examples'],
  additionalProperties: false,
} as const;

export const ruleTrialSchema = {
  title: 'RuleTrial',
  type: 'object',
  properties: {
    rule: ruleSchema,
    subject: usageRequestSchema.properties.subject,
    amount: checkRequestSchema.properties.amount,
    amounts: checkRequestSchema.properties.amounts,
  },
  required: ['rule', 'subject'],
  additionalProperties: false,
} as const;

const decided = decisionSchema.properties;

export const ruleTriedSchema = {
  title: 'RuleTried',
  type: 'object',
  properties: {
    allowed: decided.allowed,
    reason: decided.reason,
    wouldDeny: decided.wouldDeny,
    limits: decided.limits,
    retryAfterMs: decided.retryAfterMs,
    onDeny: decided.onDeny,
    warnings: decided.warnings,
    rulesVersion: decided.rulesVersion,
  },
  required: ['allowed', 'reason', 'wouldDeny', 'limits', 'rulesVersion'],
  additionalProperties: false,
} as const;
