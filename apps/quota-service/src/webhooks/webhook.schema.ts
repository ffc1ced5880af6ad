import { eventTypeSchema } from '../events/cloud-event.schema.js';

const filterSchema = {
  title: 'EventFilter',
  type: 'object',
  description: 'Which events it gets: all that pass each of these.',
  properties: {
    types: { type: 'array', items: eventTypeSchema, minItems: 1 },
    resource: { type: 'string' },
    rule: { type: 'string' },
  },
  additionalProperties: false,
} as const;

const templateSchema = {
  title: 'BodyTemplate',
  type: 'object',
  description:
    'What is sent in place of the CloudEvent: `{{data.used}}` and the like are replaced by its fields, escaped.',
  properties: {
    contentType: {
      title: 'BodyContentType',
      type: 'string',
      enum: ['application/json', 'application/x-www-form-urlencoded', 'text/plain'],
    },
    body: { type: 'string', minLength: 1, maxLength: 4096 },
  },
  required: ['contentType', 'body'],
  additionalProperties: false,
} as const;

const url = {
  type: 'string',
  description: 'https://, to a public address or one that SUNDIAL_WEBHOOK_ALLOW names.',
} as const;
const written = {
  url,
  filter: filterSchema,
  template: templateSchema,
  description: { type: 'string', maxLength: 256 },
  enabled: {
    type: 'boolean',
    description: 'While it is false its events are not queued, and what was queued waits.',
  },
} as const;

export const webhookInputSchema = {
  type: 'object',
  properties: {
    ...written,
    secret: {
      type: 'string',
      description: 'Shared with the receiver, 16 to 256 characters; absent: one is made.',
    },
    headers: {
      type: 'object',
      description:
        'Sent with each request, such as `authorization`. Their values are never shown. A PUT without it leaves them as they are, with `{}` removes them.',
      maxProperties: 8,
      additionalProperties: { type: 'string', minLength: 1, maxLength: 1024 },
    },
    rotateSecret: { type: 'boolean', description: 'Of a PUT: makes a new secret.' },
    reason: { type: 'string' },
  },
  required: ['url'],
  additionalProperties: false,
} as const;

const webhookSchema = {
  title: 'Webhook',
  type: 'object',
  properties: {
    id: { type: 'string' },
    ...written,
    headerNames: {
      type: 'array',
      items: { type: 'string' },
      description: 'Of the headers that are sent along.',
    },
    createdAt: { type: 'string' },
    createdBy: { type: 'string' },
    updatedAt: { type: 'string' },
  },
  required: ['id', 'url', 'filter', 'enabled', 'createdAt', 'createdBy', 'updatedAt'],
  additionalProperties: false,
} as const;

export const webhookWrittenSchema = {
  type: 'object',
  properties: {
    webhook: webhookSchema,
    secret: { type: 'string', description: 'Where it is new. It is never shown again.' },
  },
  required: ['webhook'],
  additionalProperties: false,
} as const;

export const webhookListSchema = {
  type: 'object',
  properties: { webhooks: { type: 'array', items: webhookSchema } },
  required: ['webhooks'],
  additionalProperties: false,
} as const;

export const webhookTestedSchema = {
  type: 'object',
  properties: {
    delivered: { type: 'boolean' },
    status: { type: 'integer', description: 'What the receiver answered.' },
    error: {
      type: 'string',
      description:
        'Why there was no answer: `address-refused`, `name-not-resolved`, `connection-failed`, `tls-failed`, `timed-out`, `broken-answer`, or `secret-unreadable`: this node has not the key that it was set with.',
    },
  },
  required: ['delivered'],
  additionalProperties: false,
} as const;

const deliverySchema = {
  title: 'Delivery',
  type: 'object',
  properties: {
    id: { type: 'string' },
    webhookId: { type: 'string' },
    eventId: { type: 'string' },
    type: eventTypeSchema,
    state: { title: 'DeliveryState', type: 'string', enum: ['pending', 'delivered', 'dead'] },
    attempts: { type: 'integer' },
    createdAt: { type: 'string' },
    nextAttemptAt: { type: 'string' },
    finishedAt: { type: 'string' },
    lastStatus: { type: 'integer' },
    lastError: { type: 'string' },
  },
  required: ['id', 'webhookId', 'eventId', 'type', 'state', 'attempts', 'createdAt'],
  additionalProperties: false,
} as const;

export const deliveryListSchema = {
  type: 'object',
  properties: {
    deliveries: { type: 'array', items: deliverySchema },
    next: { type: 'string', description: 'The `cursor` of the next page; absent where there is none.' },
  },
  required: ['deliveries'],
  additionalProperties: false,
} as const;
