import { ALLOWED } from '../check/check.docs.js';
import type { Operation } from '../http/openapi/describe.js';
import { subjectSchema, usageSchema } from '@sundial/contract';

export const USAGE: Operation = {
  id: 'usage',
  tag: 'usage',
  summary: 'What a subject has used and has left',
  description: 'Every parameter but `resource` is an attribute of the subject. Writes nothing.',
  parameters: [
    { in: 'query', name: 'resource', description: 'What is limited.', example: 'ocr' },
    {
      in: 'query',
      name: 'subject',
      description: 'Each attribute is a parameter of its own: `user=u1&grade=3`.',
      fields: { name: 'Subject', schema: subjectSchema },
    },
  ],
  answers: {
    200: {
      description: 'Every limit of every rule of the resource.',
      schema: { name: 'Usage', schema: usageSchema },
      examples: {
        used: {
          summary: 'Some used',
          value: {
            resource: 'ocr',
            subject: { user: 'u1' },
            limits: ALLOWED.limits,
            degraded: null,
            rulesVersion: 12,
          },
        },
      },
    },
  },
  problems: ['invalid-request', 'drill-fault'],
};
