import { OUTGOING_EVENT_TYPES } from '@sundial/ledger';

export const eventTypeSchema = { title: 'EventType', type: 'string', enum: OUTGOING_EVENT_TYPES } as const;

/** CloudEvents 1.0 in JSON. */
const cloudEventSchema = {
  title: 'CloudEvent',
  type: 'object',
  properties: {
    specversion: { type: 'string', pattern: '^1\\.0$' },
    id: {
      type: 'string',
      description: 'One event has one id, whatever node made it and however often it is delivered.',
    },
    source: { type: 'string' },
    type: { type: 'string', description: '`sundial.` and the type.' },
    subject: {
      type: 'string',
      description: 'What it is about. Events of one subject are delivered in order.',
    },
    time: { type: 'string', description: "By the store's clock." },
    datacontenttype: { type: 'string' },
    data: {
      type: 'object',
      additionalProperties: true,
      description: 'As the type has it: docs/webhooks.md.',
    },
  },
  required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'data'],
  additionalProperties: false,
} as const;

export const eventPageSchema = {
  type: 'object',
  properties: {
    events: { type: 'array', items: cloudEventSchema },
    next: { type: 'string', description: 'What to ask `after` next, also where there are no events.' },
  },
  required: ['events', 'next'],
  additionalProperties: false,
} as const;
