/**
 * The shape of what callers send, as JSON Schema: compiled into the validator of the hot path, and published as it
 * is in the service's OpenAPI document. Patterns are DESIGN's; every bound is stated here once.
 */
export const RESOURCE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$';
export const ATTRIBUTE_PATTERN = '^(?!resource$)[a-z][A-Za-z0-9_-]{0,31}$';
export const MAX_ATTRIBUTES = 8;
export const MAX_VALUE_LENGTH = 256;

const resource = {
  type: 'string',
  pattern: RESOURCE_PATTERN,
  description: 'What is limited: a letter or digit, then up to 127 letters, digits or any of . _ : -',
} as const;

const subject = {
  type: 'object',
  description: `Who is counted: up to ${MAX_ATTRIBUTES} attributes with values of 1 to ${MAX_VALUE_LENGTH} characters. Values are compared as they are, byte by byte: nothing is trimmed, folded or normalised.`,
  patternProperties: { [ATTRIBUTE_PATTERN]: { type: 'string', minLength: 1, maxLength: MAX_VALUE_LENGTH } },
  additionalProperties: false,
  minProperties: 1,
  maxProperties: MAX_ATTRIBUTES,
} as const;

export const checkRequestSchema = {
  type: 'object',
  properties: {
    resource,
    subject,
    amount: {
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 1,
      description: 'Units this operation takes; 0 only looks.',
    },
    operationId: {
      type: 'string',
      pattern: '^[\\x20-\\x7e]{1,128}$',
      description: 'Your name for this operation: repeating it repeats the answer and counts once.',
    },
  },
  required: ['resource', 'subject'],
  additionalProperties: false,
} as const;

export const usageRequestSchema = {
  type: 'object',
  properties: { resource, subject },
  required: ['resource', 'subject'],
  additionalProperties: false,
} as const;
