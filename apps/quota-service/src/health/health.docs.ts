import type { Operation } from '../http/openapi/describe.js';
import type { Readiness } from './readiness.js';
import { livenessSchema, readinessSchema } from './health.schema.js';

const READY: Readiness = {
  status: 'ready',
  store: { kind: 'redis', mode: 'exact', cause: null, breaker: 'closed', pending: 0, conditions: [] },
  conditions: [],
  rules: { version: 12, provisional: false },
  nodes: { live: 3 },
  tzdata: '2025b',
};

export const LIVE: Operation = {
  id: 'live',
  tag: 'health',
  summary: 'Does the process run?',
  answers: {
    200: {
      description: 'It does.',
      schema: { name: 'Liveness', schema: livenessSchema },
      examples: { live: { summary: 'Alive', value: { status: 'live' } } },
    },
  },
};

export const READY_TO_SERVE: Operation = {
  id: 'ready',
  tag: 'health',
  summary: 'Should this node get requests?',
  description: 'Also while degraded: it still answers every check in time.',
  answers: {
    200: {
      description: 'Yes.',
      schema: { name: 'Readiness', schema: readinessSchema },
      examples: {
        exact: { summary: 'The store decides', value: READY },
        degraded: {
          summary: 'Redis is away',
          value: {
            ...READY,
            store: { ...READY.store, mode: 'degraded', cause: 'breaker-open', breaker: 'open', pending: 7 },
          } satisfies Readiness,
        },
      },
    },
    503: {
      description: 'No: it is shutting down.',
      schema: { name: 'Readiness', schema: readinessSchema },
      examples: {
        leaving: {
          summary: 'Shutting down',
          value: { ...READY, status: 'shutting-down' } satisfies Readiness,
        },
      },
    },
  },
};
