import { refundedSchema, refundRequestSchema, returnedSchema, returnRequestSchema } from '@sundial/contract';
import type { Operation } from '../http/openapi/describe.js';

const BODY_PROBLEMS = [
  'invalid-request',
  'invalid-json',
  'payload-too-large',
  'unsupported-media-type',
] as const;

export const REFUND: Operation = {
  id: 'refund',
  tag: 'reservations',
  summary: 'Reverse an operation that was counted',
  description:
    'A check, or a reservation that was committed, in exactly the windows it was counted in, as long as it is remembered (15 minutes). Once: a repetition is answered alike.',
  body: {
    schema: { name: 'Refund', schema: refundRequestSchema },
    examples: {
      complaint: {
        summary: 'The result was of no use',
        value: {
          resource: 'speech-scoring',
          subject: { user: 'u1', grade: '3' },
          operationId: '01JD8Z7T5V',
          reason: 'the recording was empty',
        },
      },
    },
  },
  answers: {
    200: {
      description: 'What was given back.',
      schema: { name: 'Refunded', schema: refundedSchema },
      examples: { refunded: { summary: 'Given back', value: { refunded: true, amounts: { units: 2 } } } },
    },
  },
  problems: [...BODY_PROBLEMS, 'operation-not-found', 'reservation-held'],
};

export const RETURN: Operation = {
  id: 'returnUnits',
  tag: 'reservations',
  summary: 'Give units of a stock back: a seat that is free again, a record that was deleted',
  description: 'Lowers limits of the window `total`, and no others, at any age.',
  body: {
    schema: { name: 'Return', schema: returnRequestSchema },
    examples: {
      seat: {
        summary: 'A seat',
        value: { resource: 'seats', subject: { school: 's1' }, operationId: 'member-17-left' },
      },
    },
  },
  answers: {
    200: {
      description: 'The `total` limits, after it.',
      schema: { name: 'Returned', schema: returnedSchema },
      examples: {
        returned: {
          summary: 'One seat is free',
          value: {
            returned: true,
            limits: [
              {
                rule: 'seats-per-school',
                mode: 'enforce',
                window: 'total',
                meter: 'units',
                timeZone: 'UTC',
                max: 30,
                source: 'rule',
                used: 29,
                reserved: 0,
                remaining: 1,
                startsAt: null,
                resetsAt: null,
                exceeded: false,
              },
            ],
          },
        },
      },
    },
  },
  problems: [...BODY_PROBLEMS, 'nothing-to-return', 'operation-conflict', 'store-unavailable'],
};
