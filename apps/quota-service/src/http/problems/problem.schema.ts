import { reservationStateSchema } from '@sundial/contract';
import { roleSchema } from './role.schema.js';

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
          code: {
            type: 'string',
            description:
              'Which sentence `message` is: for programs that say it in another language. It stays, and more may come. Absent where it is of none.',
          },
          params: {
            type: 'object',
            additionalProperties: { type: ['string', 'number', 'null'] },
            description:
              'The values in the sentence, by name. `got` is the value that does not do, as the sentence quotes it; null: there is none.',
          },
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
