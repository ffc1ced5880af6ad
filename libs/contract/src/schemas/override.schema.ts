import { MAX_LIMITS_A_RULE, MAX_REASON_LENGTH, MAX_UNITS, NAME_PATTERN } from '../bounds.js';
import { usageRequestSchema } from './request.schema.js';
import { meterSchema, windowSchema } from './limit.schema.js';

/** The bodies of overrides, as JSON Schema. */
const instant = { type: 'string', format: 'date-time' } as const;

export const overrideInputSchema = {
  title: 'OverrideInput',
  type: 'object',
  properties: {
    rule: { type: 'string', pattern: NAME_PATTERN.source },
    subject: usageRequestSchema.properties.subject,
    limits: {
      type: 'array',
      description: 'No two of one window and meter. Limits that are not named stay as the rule has them.',
      minItems: 1,
      maxItems: MAX_LIMITS_A_RULE,
      items: {
        title: 'OverriddenLimit',
        type: 'object',
        description: 'A limit of the rule, and either `set` or `add`.',
        properties: {
          window: windowSchema,
          meter: meterSchema,
          set: {
            type: ['integer', 'null'],
            minimum: 0,
            maximum: MAX_UNITS,
            description: 'The max itself; null: unlimited, 0: none.',
          },
          add: {
            type: 'integer',
            minimum: 0,
            maximum: MAX_UNITS,
            description: 'So many units more than would hold without it.',
          },
        },
        required: ['window'],
        additionalProperties: false,
      },
    },
    validFrom: { ...instant, description: 'ISO-8601 with offset. Absent: at once.' },
    validUntil: {
      ...instant,
      description: 'ISO-8601 with offset, the first instant without it. Absent: until it is changed.',
    },
    reason: { type: 'string', maxLength: MAX_REASON_LENGTH, description: 'For logs and the ledger.' },
  },
  required: ['rule', 'subject', 'limits'],
  additionalProperties: false,
} as const;

export const overrideSchema = {
  title: 'Override',
  type: 'object',
  properties: {
    ...overrideInputSchema.properties,
    subject: { type: 'object', additionalProperties: { type: 'string' } },
    setAt: instant,
    setBy: { type: 'string', description: 'The name of the key it was set with.' },
  },
  required: ['rule', 'subject', 'limits', 'setAt'],
  additionalProperties: false,
} as const;

export const overrideWrittenSchema = {
  type: 'object',
  properties: {
    override: overrideSchema,
    before: { ...overrideSchema, type: ['object', 'null'] },
  },
  required: ['override', 'before'],
  additionalProperties: false,
} as const;

export const overrideRemovedSchema = {
  type: 'object',
  properties: { override: overrideSchema },
  required: ['override'],
  additionalProperties: false,
} as const;

export const overridePageSchema = {
  type: 'object',
  properties: {
    overrides: { type: 'array', items: overrideSchema },
    next: { type: 'string', description: 'The cursor of the next page; absent on the last one.' },
  },
  required: ['overrides'],
  additionalProperties: false,
} as const;

export const overridesImportedSchema = {
  type: 'object',
  properties: { imported: { type: 'integer', minimum: 0 } },
  required: ['imported'],
  additionalProperties: false,
} as const;
