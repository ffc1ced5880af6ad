import { checkRequestSchema } from '@sundial/engine';
import { MAX_BATCH_CHECKS } from '../http/bounds.js';
import { decisionSchema } from './decision.schema.js';

export const batchSchema = {
  type: 'object',
  properties: {
    checks: { type: 'array', minItems: 1, maxItems: MAX_BATCH_CHECKS, items: checkRequestSchema },
  },
  required: ['checks'],
  additionalProperties: false,
} as const;

/** The entry of a check whose operation id was another check's; the rest of the batch was decided. */
const undecidedSchema = {
  type: 'object',
  properties: {
    operationId: { type: 'string' },
    error: {
      type: 'object',
      properties: {
        code: { type: 'string' },
        title: { type: 'string' },
        status: { type: 'integer' },
        detail: { type: 'string' },
      },
      required: ['code', 'title', 'status', 'detail'],
      additionalProperties: false,
    },
  },
  required: ['operationId', 'error'],
  additionalProperties: false,
} as const;

export const batchAnswerSchema = {
  type: 'object',
  properties: {
    decisions: {
      type: 'array',
      description: 'One entry a check, in their order.',
      items: { anyOf: [decisionSchema, undecidedSchema] },
    },
  },
  required: ['decisions'],
  additionalProperties: false,
} as const;
