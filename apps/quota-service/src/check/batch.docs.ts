import { batchAnswerSchema, batchRequestSchema, MAX_BATCH_CHECKS } from '@sundial/contract';
import type { Operation } from '../http/openapi/describe.js';
import { ALLOWED } from './check.docs.js';

export const BATCH: Operation = {
  id: 'checkBatch',
  tag: 'check',
  summary: 'Many checks in one request',
  description: `1 to ${MAX_BATCH_CHECKS} checks, each decided on its own. One that is not valid refuses the batch, and nothing is counted. One whose operation id was another check's has an \`error\` in its place, and so has one that a drill makes fail (\`drill-fault\`).`,
  body: {
    schema: { name: 'Batch', schema: batchRequestSchema },
    examples: {
      two: {
        summary: 'Two users',
        value: {
          checks: [
            { resource: 'ocr', subject: { user: 'u1' } },
            { resource: 'ocr', subject: { user: 'u2' } },
          ],
        },
      },
    },
  },
  answers: {
    200: {
      description: 'One entry a check, in their order.',
      schema: { name: 'BatchAnswer', schema: batchAnswerSchema },
      examples: {
        decided: {
          summary: 'Both decided',
          value: { decisions: [ALLOWED, { ...ALLOWED, operationId: '01JD8Z7T5W' }] },
        },
        conflict: {
          summary: 'An operation id used twice',
          value: {
            decisions: [
              {
                operationId: '01JD8Z7T5V',
                error: {
                  code: 'operation-conflict',
                  title: 'The operation id was used for something else',
                  status: 409,
                  detail: 'Operation 01JD8Z7T5V was another check; use a new operationId.',
                },
              },
            ],
          },
        },
      },
    },
  },
  problems: ['invalid-request', 'invalid-json', 'payload-too-large', 'unsupported-media-type'],
};
