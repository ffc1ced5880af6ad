import { roleSchema } from '../http/problems/role.schema.js';
import type { Operation } from '../http/openapi/describe.js';

const meSchema = {
  type: 'object',
  properties: {
    actor: { type: 'string', description: 'The name of the key; `anonymous` where no keys are set.' },
    role: roleSchema,
    version: { type: 'string', description: 'Of the service.' },
  },
  required: ['actor', 'role', 'version'],
  additionalProperties: false,
} as const;

export const READ_ME: Operation = {
  id: 'readMe',
  tag: 'admin',
  summary: 'Who asks, and with which role',
  description:
    'A `viewer` reads. An `operator` also sets gates, brakes, drills, overrides, packs and usage. An `admin` may do everything.',
  answers: {
    200: {
      description: 'The holder of the key, or of the session.',
      schema: { name: 'Me', schema: meSchema },
      examples: {
        ops: { summary: 'An operator', value: { actor: 'ops', role: 'operator', version: '0.1.0' } },
      },
    },
  },
};
