import { reservationStateSchema } from '@sundial/contract';
import { roleSchema } from './role.schema.js';
import { saidProperties } from './said.schema.js';

/** RFC 9457, with `code`, `errors` and `requestId` beside its own members. */
export const problemSchema = {
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri', description: 'urn:sundial:problem: and the code.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened and what to do, for people.' },
    code: { type: 'string', description: 'For programs.' },
    errors: {
      type: 'array',
      description: 'What is wrong with the input, every error; on 400.',
      items: {
        title: 'InputError',
        type: 'object',
        properties: {
          path: { type: 'string', description: 'Dotted, such as limits.0.max; empty: all of it.' },
          message: { type: 'string' },
          ...saidProperties('message'),
        },
        required: ['path', 'message'],
        additionalProperties: false,
      },
    },
    state: reservationStateSchema,
    needs: roleSchema,
    requestId: { type: 'string', description: 'As in the header x-request-id and in the log.' },
  },
  required: ['type', 'title', 'status', 'detail', 'code'],
  additionalProperties: false,
} as const;
