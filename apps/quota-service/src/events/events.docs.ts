import type { CloudEvent } from '@sundial/ledger';
import type { Operation } from '../http/openapi/describe.js';
import { eventPageSchema } from './cloud-event.schema.js';

const EXAMPLE_EVENT: CloudEvent = {
  specversion: '1.0',
  id: 'q3sUqCVJ0Gk0pPn1eZcXbA',
  source: '/sundial',
  type: 'sundial.threshold',
  subject: 'ocr?user=u1',
  time: '2026-11-18T06:29:26.000Z',
  datacontenttype: 'application/json',
  data: {
    ...{ resource: 'ocr', rule: 'ocr-per-user', subject: { user: 'u1' }, window: 'day', meter: 'units' },
    ...{ threshold: 0.8, used: 8, max: 10 },
    ...{ startsAt: '2026-11-18T00:00:00+08:00', resetsAt: '2026-11-19T00:00:00+08:00' },
  },
};

const query = (name: string, description: string, example: string) =>
  ({ in: 'query', name, description, example, optional: true }) as const;

export const LIST_EVENTS: Operation = {
  id: 'listEvents',
  tag: 'events',
  summary: 'Events for other systems, in order',
  description:
    'Oldest first, each once. Ask again with `after` as the answer says; `wait` leaves the request open until there is an event. With PostgreSQL the events of all nodes.',
  parameters: [
    query('after', 'The `next` of the answer before; without it, from the oldest event that is kept.', '0'),
    query('wait', 'So many seconds, 0 to 10, the answer waits for an event. Default 0.', '1'),
    query('limit', '1 to 1,000. Default 100.', '100'),
    query('types', 'Only of these types, separated by commas.', 'threshold,limit-reached'),
    query('resource', 'Only of this resource.', 'ocr'),
    query('rule', 'Only of this rule.', 'ocr-per-user'),
  ],
  answers: {
    200: {
      description: 'CloudEvents 1.0.',
      schema: { name: 'EventPage', schema: eventPageSchema },
      examples: { one: { summary: 'A threshold', value: { events: [EXAMPLE_EVENT], next: '17' } } },
    },
  },
  problems: ['invalid-request', 'ledger-off', 'ledger-unavailable'],
};
