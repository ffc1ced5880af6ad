import { CONDITION_SEVERITY } from '@sundial/redis';
import { KEPT_FILES } from '@sundial/embedded';

export const livenessSchema = {
  type: 'object',
  properties: { status: { type: 'string', enum: ['live'] } },
  required: ['status'],
  additionalProperties: false,
} as const;

export const readinessSchema = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: ['ready', 'shutting-down'] },
    store: {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['redis', 'embedded'] },
        mode: {
          type: 'string',
          enum: ['exact', 'degraded'],
          description: '`degraded`: the rules decide by their `degrade` policies.',
        },
        cause: { type: ['string', 'null'] },
        breaker: { type: 'string', enum: ['closed', 'half-open', 'open'] },
        owed: { type: 'integer', description: 'Degraded decisions the store does not show yet.' },
        conditions: {
          type: 'array',
          description: 'What is not right with Redis, and what to change: docs/redis.md.',
          items: {
            type: 'object',
            properties: {
              condition: { type: 'string', enum: Object.keys(CONDITION_SEVERITY) },
              severity: {
                type: 'string',
                enum: ['refuse', 'warn'],
                description: '`refuse`: a service would not start on it.',
              },
              sentence: { type: 'string' },
            },
            required: ['condition', 'severity', 'sentence'],
            additionalProperties: false,
          },
        },
      },
      required: ['kind', 'mode', 'cause', 'breaker', 'owed', 'conditions'],
      additionalProperties: false,
    },
    conditions: {
      type: 'array',
      description:
        'All that is not as it should be, and what to change: with the store, and with the files of this node.',
      items: {
        type: 'object',
        properties: {
          condition: { type: 'string', enum: [...Object.keys(CONDITION_SEVERITY), 'unwritable', 'damaged'] },
          file: { type: 'string', enum: KEPT_FILES, description: 'Where it is about one of those.' },
          severity: { type: 'string', enum: ['refuse', 'warn'] },
          sentence: { type: 'string' },
        },
        required: ['condition', 'severity', 'sentence'],
        additionalProperties: false,
      },
    },
    rules: {
      type: 'object',
      properties: {
        version: { type: 'integer' },
        provisional: {
          type: 'boolean',
          description: 'The last rules this node knew; the store has not answered yet.',
        },
      },
      required: ['version', 'provisional'],
      additionalProperties: false,
    },
    nodes: {
      type: 'object',
      properties: { live: { type: 'integer' } },
      required: ['live'],
      additionalProperties: false,
    },
    tzdata: { type: 'string', description: 'The edition of the time-zone data, such as 2025b.' },
  },
  required: ['status', 'store', 'conditions', 'rules', 'nodes', 'tzdata'],
  additionalProperties: false,
} as const;
