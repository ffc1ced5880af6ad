import type { ShownDelivery, Webhook } from '@sundial/ledger';
import { REASON } from '../admin/reason.js';
import type { Operation } from '../http/openapi/describe.js';
import {
  deliveryListSchema,
  webhookInputSchema,
  webhookListSchema,
  webhookTestedSchema,
  webhookWrittenSchema,
} from './webhook.schema.js';

const tag = 'events';
const LEDGER = ['ledger-off', 'ledger-unavailable'] as const;
const BODY = ['invalid-request', 'invalid-json', 'payload-too-large', 'unsupported-media-type'] as const;

const ID = {
  in: 'path',
  name: 'id',
  description: 'Of the webhook.',
  example: 'wh_5Yw0c1x2QqJH1a7b',
} as const;
const WEBHOOK: Webhook = {
  id: ID.example,
  url: 'https://hooks.example.org/sundial',
  filter: { types: ['threshold', 'limit-reached'], resource: 'ocr' },
  description: 'The billing service',
  enabled: true,
  createdAt: '2026-11-18T06:29:26.000Z',
  createdBy: 'ops',
  updatedAt: '2026-11-18T06:29:26.000Z',
};
const SECRET = 'tGq1WZ0m6b3nJxkqk0nQbAqk4m5c0bJ7bq0oW9xU2zE';
const DELIVERY: ShownDelivery = {
  ...{ id: '17', webhookId: ID.example, eventId: 'q3sUqCVJ0Gk0pPn1eZcXbA', type: 'threshold', state: 'dead' },
  ...{ attempts: 152, createdAt: '2026-11-18T06:29:26.000Z', finishedAt: '2026-11-19T06:31:02.000Z' },
  ...{ lastStatus: 503, lastError: 'answered-503' },
};

const query = (name: string, description: string, example: string) =>
  ({ in: 'query', name, description, example, optional: true }) as const;
const PAGE = [
  query('cursor', 'The `next` of the page before.', '17'),
  query('limit', '1 to 1,000. Default 100.', '100'),
] as const;

const written = (description: string, withSecret: boolean) => ({
  description,
  schema: { name: 'WebhookWritten', schema: webhookWrittenSchema },
  examples: {
    one: { summary: 'A webhook', value: { webhook: WEBHOOK, ...(withSecret && { secret: SECRET }) } },
  },
});

const INPUT = {
  schema: { name: 'WebhookInput', schema: webhookInputSchema },
  examples: {
    events: { summary: 'Events of a resource', value: { url: WEBHOOK.url, filter: WEBHOOK.filter } },
    chat: {
      summary: 'Alarms in a chat',
      value: {
        url: 'https://chat.example.org/hooks/a1b2',
        filter: { types: ['alarm-raised', 'alarm-cleared'] },
        template: { contentType: 'application/json', body: '{"text":"{{type}}: {{data.alarm.summary}}"}' },
      },
    },
  },
};

export const LIST_WEBHOOKS: Operation = {
  id: 'listWebhooks',
  tag,
  summary: 'Where events go',
  answers: {
    200: {
      description: 'All of them, without their secrets.',
      schema: { name: 'WebhookList', schema: webhookListSchema },
      examples: { one: { summary: 'One', value: { webhooks: [WEBHOOK] } } },
    },
  },
  problems: LEDGER,
};

export const CREATE_WEBHOOK: Operation = {
  id: 'createWebhook',
  tag,
  summary: 'Send events to an address',
  description:
    'Each event that passes the filter is posted there, signed, at least once, and in order of each subject, until it is acknowledged with 2xx or 24 hours are over. Addresses that are not public are refused, here and at every connection, but for those that SUNDIAL_WEBHOOK_ALLOW names.',
  body: INPUT,
  answers: { 201: written('The secret is shown here and never again.', true) },
  problems: [...BODY, 'too-many-webhooks', ...LEDGER],
};

export const GET_WEBHOOK: Operation = {
  id: 'getWebhook',
  tag,
  summary: 'One webhook',
  parameters: [ID],
  answers: {
    200: {
      description: 'Without its secret.',
      schema: { name: 'Webhook', schema: webhookWrittenSchema.properties.webhook },
      examples: { one: { summary: 'A webhook', value: WEBHOOK } },
    },
  },
  problems: ['webhook-not-found', ...LEDGER],
};

export const REPLACE_WEBHOOK: Operation = {
  id: 'replaceWebhook',
  tag,
  summary: 'Change a webhook',
  description:
    'All of it but the secret, which changes with `secret` or `rotateSecret: true`. What is queued goes to the new address.',
  parameters: [ID],
  body: INPUT,
  answers: { 200: written('As it is now; with a new secret also that, once.', false) },
  problems: [...BODY, 'webhook-not-found', ...LEDGER],
};

export const DELETE_WEBHOOK: Operation = {
  id: 'deleteWebhook',
  tag,
  summary: 'Send no more events to it',
  description: 'What was to be delivered to it is forgotten, dead letters too.',
  parameters: [ID, REASON],
  answers: { 200: written('As it was.', false) },
  problems: ['invalid-request', 'webhook-not-found', ...LEDGER],
};

export const TEST_WEBHOOK: Operation = {
  id: 'testWebhook',
  tag,
  summary: 'Send it an event of type test, now and once',
  description:
    'By the way that deliveries take: signed, to a judged address, without redirects. Nothing of what the receiver wrote is shown.',
  parameters: [ID],
  answers: {
    200: {
      description: 'What came of it.',
      schema: { name: 'WebhookTested', schema: webhookTestedSchema },
      examples: {
        delivered: { summary: 'Delivered', value: { delivered: true, status: 204 } },
        refused: { summary: 'Not called', value: { delivered: false, error: 'address-refused' } },
      },
    },
  },
  problems: ['webhook-not-found', ...LEDGER],
};

const deliveries = (description: string) => ({
  description,
  schema: { name: 'DeliveryList', schema: deliveryListSchema },
  examples: { dead: { summary: 'A dead letter', value: { deliveries: [DELIVERY] } } },
});

export const LIST_DELIVERIES: Operation = {
  id: 'listDeliveries',
  tag,
  summary: 'What was and is to be delivered to it',
  parameters: [ID, query('state', '`pending`, `delivered` or `dead`.', 'dead'), ...PAGE],
  answers: { 200: deliveries('The newest first.') },
  problems: ['invalid-request', 'webhook-not-found', ...LEDGER],
};

export const LIST_DEAD_LETTERS: Operation = {
  id: 'listDeadLetters',
  tag,
  summary: 'What could not be delivered',
  description: 'Tried for 24 hours, or answered with 410.',
  parameters: PAGE,
  answers: { 200: deliveries('The newest first, of all webhooks.') },
  problems: ['invalid-request', ...LEDGER],
};

export const RESEND_DEAD_LETTER: Operation = {
  id: 'resendDeadLetter',
  tag,
  summary: 'Deliver a dead letter after all',
  description: 'It is tried as if it were new. Later events of its subject may have been delivered already.',
  parameters: [{ ...ID, description: 'Of the delivery.', example: '17' }, REASON],
  answers: {
    200: {
      description: 'It is queued.',
      schema: {
        name: 'DeadLetterResent',
        schema: {
          type: 'object',
          properties: { resent: { type: 'boolean' } },
          required: ['resent'],
          additionalProperties: false,
        },
      },
      examples: { one: { summary: 'Queued', value: { resent: true } } },
    },
  },
  problems: ['invalid-request', 'dead-letter-not-found', ...LEDGER],
};
