import type { Operation } from '../http/openapi/describe.js';

export const METRICS: Operation = {
  id: 'metrics',
  tag: 'metrics',
  summary: 'Metrics for Prometheus',
  answers: { 200: { description: 'The text format 0.0.4.' } },
};
