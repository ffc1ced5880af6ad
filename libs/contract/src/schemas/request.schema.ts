import {
  ATTRIBUTE_PATTERN,
  MAX_ATTRIBUTES,
  MAX_BATCH_CHECKS,
  MAX_METERS,
  MAX_UNITS,
  MAX_VALUE_LENGTH,
  NAME_PATTERN,
  OPERATION_ID_PATTERN,
} from '../bounds.js';

/**
 * The shape of what callers send, as JSON Schema: compiled into the validator of the hot path, and published in the
 * service's OpenAPI document. A `title` is the name of the type that clients generated from it have for that part.
 */
const resource = {
  type: 'string',
  pattern: NAME_PATTERN.source,
  description: 'What is limited: a letter or digit, then up to 127 letters, digits or any of . _ : -',
} as const;

export const subjectSchema = {
  title: 'Subject',
  type: 'object',
  description: `Who is counted: up to ${MAX_ATTRIBUTES} attributes with values of 1 to ${MAX_VALUE_LENGTH} characters. Values are compared as they are, byte by byte: nothing is trimmed, folded or normalised.`,
  patternProperties: {
    [ATTRIBUTE_PATTERN.source]: { type: 'string', minLength: 1, maxLength: MAX_VALUE_LENGTH },
  },
  additionalProperties: false,
  maxProperties: MAX_ATTRIBUTES,
  examples: [{ user: 'u1' }],
} as const;

/** `units` is no name here: `amount` says how many. */
export const amountsSchema = {
  title: 'Amounts',
  type: 'object',
  description: `What it takes of other meters, at most ${MAX_METERS}; of one that is not named, 0.`,
  patternProperties: {
    [`^(?!units$)${NAME_PATTERN.source.slice(1)}`]: { type: 'integer', minimum: 0, maximum: MAX_UNITS },
  },
  additionalProperties: false,
  maxProperties: MAX_METERS,
  examples: [{ tokens: 1200 }],
} as const;

export const checkRequestSchema = {
  title: 'Check',
  type: 'object',
  properties: {
    resource,
    subject: subjectSchema,
    amount: {
      type: 'integer',
      minimum: 0,
      maximum: MAX_UNITS,
      default: 1,
      description: 'Of the meter `units`, what this operation takes; 0 only looks.',
    },
    amounts: amountsSchema,
    operationId: {
      type: 'string',
      pattern: OPERATION_ID_PATTERN.source,
      description: 'Your name for this operation: repeating it repeats the answer and counts once.',
    },
    receipt: {
      type: 'boolean',
      description:
        'Whether an allowed decision is to carry a signed receipt; it is no part of what the operation id names.',
    },
  },
  required: ['resource', 'subject'],
  additionalProperties: false,
} as const;

/** `POST /check/batch`. The engine validates each check by itself, so that its errors name their place. */
export const batchRequestSchema = {
  type: 'object',
  properties: {
    checks: { type: 'array', items: checkRequestSchema, minItems: 1, maxItems: MAX_BATCH_CHECKS },
  },
  required: ['checks'],
  additionalProperties: false,
} as const;

export const usageRequestSchema = {
  type: 'object',
  properties: { resource, subject: subjectSchema },
  required: ['resource', 'subject'],
  additionalProperties: false,
} as const;
