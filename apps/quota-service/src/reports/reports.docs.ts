import { MAX_REPORTS, type Report, reportsAnswerSchema, reportsRequestSchema } from '@sundial/contract';
import type { Operation } from '../http/openapi/describe.js';

const PAGE: Report = {
  operationId: '01JD8ZB3QK',
  resource: 'ocr',
  subject: { user: 'u7' },
  decidedAt: '2026-11-18T14:28:57.120+08:00',
  allowed: true,
  policy: 'allow',
  attempted: true,
};

export const REPORTS: Operation = {
  id: 'report',
  tag: 'reports',
  summary: 'What a client decided while no service answered',
  description: `1 to ${MAX_REPORTS} operations, each settled once, however often it is reported: what was allowed is counted in the windows of its \`decidedAt\`, also above their max, and what was refused is not, whatever a request of it did or may still do. An operation that no request was sent for (\`attempted: false\`) is counted up to 24 hours later, another one up to 10 minutes later: then it may have been counted and forgotten, and is \`late\`. While Redis is away reports are journaled and answered as if they were settled. A report that is not valid refuses the request, and nothing is counted.`,
  body: {
    schema: { name: 'Reports', schema: reportsRequestSchema },
    examples: {
      allowed: { summary: 'Allowed by the fallback', value: { reports: [PAGE] } },
      others: {
        summary: 'Other meters, and one that was refused',
        value: {
          reports: [
            {
              ...PAGE,
              operationId: '01JD8ZB3QM',
              resource: 'llm',
              amounts: { tokens: 1_200 },
              attempted: false,
            },
            { ...PAGE, operationId: '01JD8ZB3QN', allowed: false, policy: 'deny' },
          ],
        },
      },
    },
  },
  answers: {
    200: {
      description: 'One entry a report, in their order.',
      schema: { name: 'ReportsAnswer', schema: reportsAnswerSchema },
      examples: {
        settled: {
          summary: 'One was counted, one had been',
          value: {
            results: [
              { operationId: '01JD8ZB3QK', outcome: 'counted' },
              { operationId: '01JD8ZB3QM', outcome: 'already-counted' },
            ],
          },
        },
      },
    },
  },
  problems: ['invalid-request', 'invalid-json', 'payload-too-large', 'unsupported-media-type'],
};
