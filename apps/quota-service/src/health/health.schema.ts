import { FINDING_SEVERITY } from '@sundial/redis/without-driver';
import { saidProperties } from '../http/problems/said.schema.js';
import { KEPT_FILES } from '@sundial/embedded';

const severity = {
  title: 'ConditionSeverity',
  type: 'string',
  enum: ['refuse', 'warn'],
  description: '`refuse`: a service does not start with it.',
} as const;

const said = {
  sentence: { type: 'string', description: 'What was found, and what to change.' },
  ...saidProperties('sentence'),
} as const;

export const storeKindSchema = { title: 'StoreKind', type: 'string', enum: ['redis', 'embedded'] } as const;

export const storeModeSchema = {
  title: 'StoreMode',
  type: 'string',
  enum: ['exact', 'degraded'],
  description: '`degraded`: the rules decide by their `degrade` policies.',
} as const;

export const livenessSchema = {
  type: 'object',
  properties: { status: { title: 'LivenessStatus', type: 'string', enum: ['live'] } },
  required: ['status'],
  additionalProperties: false,
} as const;

export const readinessSchema = {
  type: 'object',
  properties: {
    status: { title: 'ReadinessStatus', type: 'string', enum: ['ready', 'shutting-down'] },
    store: {
      title: 'StoreState',
      type: 'object',
      properties: {
        kind: storeKindSchema,
        mode: storeModeSchema,
        cause: { type: ['string', 'null'] },
        breaker: { title: 'BreakerState', type: 'string', enum: ['closed', 'half-open', 'open'] },
        pending: {
          type: 'integer',
          description: 'Degraded decisions that the store has not acknowledged yet.',
        },
        conditions: {
          type: 'array',
          description: 'Findings about Redis, and what to change: docs/redis.md.',
          items: {
            title: 'StoreFinding',
            type: 'object',
            properties: {
              condition: {
                title: 'StoreFindingName',
                type: 'string',
                enum: Object.keys(FINDING_SEVERITY),
              },
              severity,
              ...said,
            },
            required: ['condition', 'severity', 'sentence'],
            additionalProperties: false,
          },
        },
      },
      required: ['kind', 'mode', 'cause', 'breaker', 'pending', 'conditions'],
      additionalProperties: false,
    },
    conditions: {
      type: 'array',
      description:
        'All findings, about the store, the files of this node and its ledger, and what to change.',
      items: {
        title: 'Condition',
        type: 'object',
        properties: {
          condition: {
            title: 'ConditionName',
            type: 'string',
            enum: [...Object.keys(FINDING_SEVERITY), 'unwritable', 'damaged', 'ledger'],
          },
          file: {
            title: 'KeptFile',
            type: 'string',
            enum: KEPT_FILES,
            description: 'Where it is about one of those.',
          },
          severity,
          ...said,
        },
        required: ['condition', 'severity', 'sentence'],
        additionalProperties: false,
      },
    },
    rules: {
      title: 'RulesState',
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
      title: 'LiveNodes',
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
