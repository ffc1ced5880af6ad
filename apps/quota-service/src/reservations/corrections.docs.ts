import { correctedUsageSchema, usageCorrectionSchema } from '@sundial/contract';
import { ALLOWED } from '../check/check.docs.js';
import type { Operation } from '../http/openapi/describe.js';

export const CORRECT_USAGE: Operation = {
  id: 'correctUsage',
  tag: 'admin',
  summary: 'Set what a subject has used',
  description:
    'In the current windows, whatever it was; what live reservations hold stays. It seeds counters from a system of record.',
  body: {
    schema: { name: 'UsageCorrection', schema: usageCorrectionSchema },
    examples: {
      seed: {
        summary: 'Carried over from another system',
        value: {
          rule: 'ocr-per-user',
          subject: { user: 'u1' },
          limits: [{ window: 'day', used: 4 }],
          reason: 'moved from the old counters',
        },
      },
    },
  },
  answers: {
    200: {
      description: 'Every limit of the rule, after it.',
      schema: { name: 'CorrectedUsage', schema: correctedUsageSchema },
      examples: {
        corrected: {
          summary: 'Four are used',
          value: { rule: 'ocr-per-user', subject: { user: 'u1' }, limits: ALLOWED.limits },
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
