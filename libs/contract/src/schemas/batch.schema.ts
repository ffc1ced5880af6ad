import { decisionSchema } from './decision.schema.js';

/** The entry of a check that could not be decided (`operation-conflict`, `overloaded`); the rest of the batch was. */
const undecidedSchema = {
  title: 'UndecidedCheck',
  type: 'object',
  properties: {
    operationId: { type: 'string' },
    error: {
      title: 'CheckError',
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
