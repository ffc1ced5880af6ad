import {
  alarmChannelSchema,
  alarmClassSchema,
  alarmKindSchema,
  alarmTermsSchema,
} from '../alarms/alarm.schema.js';
import { storeKindSchema, storeModeSchema } from '../health/health.schema.js';

const instant = { type: 'string', format: 'date-time' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const rate = { type: 'number', minimum: 0 } as const;

const alarmSchema = {
  title: 'ReportedAlarm',
  type: 'object',
  properties: {
    id: { type: 'string' },
    pattern: { type: 'string' },
    kind: alarmKindSchema,
    class: alarmClassSchema,
    channel: alarmChannelSchema,
    summary: { type: 'string' },
    terms: alarmTermsSchema,
    raisedAt: instant,
  },
  required: ['id', 'pattern', 'kind', 'class', 'channel', 'summary', 'terms', 'raisedAt'],
  additionalProperties: false,
} as const;

const ratesSchema = {
  title: 'NodeRates',
  type: ['object', 'null'],
  description: 'Of the last second; null until the node has counted for one.',
  properties: {
    allowed: { ...rate, description: 'Decisions of the store.' },
    denied: { ...rate, description: 'Decisions of the store.' },
    degradedAllowed: { ...rate, description: 'Decisions without the store.' },
    degradedDenied: { ...rate, description: 'Decisions without the store.' },
    refused: { ...rate, description: 'Requests that were refused with a problem.' },
    shed: { ...rate, description: 'Checks that the node gave up because it had too many.' },
  },
  required: ['allowed', 'denied', 'degradedAllowed', 'degradedDenied', 'refused', 'shed'],
  additionalProperties: false,
} as const;

const latencySchema = {
  title: 'NodeLatency',
  type: ['object', 'null'],
  description: 'From the call of check to its decision, in the last second; null where there was none.',
  properties: { p50: rate, p99: rate },
  required: ['p50', 'p99'],
  additionalProperties: false,
} as const;

const reportSchema = {
  title: 'NodeReport',
  type: ['object', 'null'],
  description: 'Null: the node says nothing of itself (a program that counts by itself, or another version).',
  properties: {
    name: { type: 'string', description: '`SUNDIAL_NODE_NAME`, else host and port.' },
    version: { type: 'string' },
    startedAt: instant,
    store: {
      title: 'NodeStore',
      type: 'object',
      properties: {
        kind: storeKindSchema,
        mode: storeModeSchema,
        cause: { type: ['string', 'null'] },
        pending: { ...count, description: 'Degraded decisions that the store has not acknowledged yet.' },
      },
      required: ['kind', 'mode', 'cause', 'pending'],
      additionalProperties: false,
    },
    rulesVersion: count,
    load: {
      title: 'NodeLoad',
      type: 'object',
      properties: {
        eventLoop: {
          type: 'number',
          description: 'The share of the last second in which it was busy, 0 to 1.',
        },
        inFlight: { ...count, description: 'Requests that are begun and not answered.' },
        waiting: { ...count, description: 'Requests that wait to be begun.' },
      },
      required: ['eventLoop', 'inFlight', 'waiting'],
      additionalProperties: false,
    },
    perSecond: ratesSchema,
    latencyMs: latencySchema,
    alarms: {
      title: 'NodeAlarms',
      type: 'object',
      properties: {
        active: { ...count, description: 'All that hold.' },
        shown: { type: 'array', description: 'The first of them.', items: alarmSchema },
      },
      required: ['active', 'shown'],
      additionalProperties: false,
    },
  },
  required: [
    'name',
    'version',
    'startedAt',
    'store',
    'rulesVersion',
    'load',
    'perSecond',
    'latencyMs',
    'alarms',
  ],
  additionalProperties: false,
} as const;

const nodeSchema = {
  title: 'LiveNode',
  type: 'object',
  properties: {
    id: { type: 'string', description: 'Of this run of the node.' },
    heardMsAgo: { ...count, description: 'Since its last heartbeat, by the clock of the store.' },
    rulesVersion: { ...count, description: 'That it applies.' },
    report: reportSchema,
  },
  required: ['id', 'heardMsAgo', 'rulesVersion', 'report'],
  additionalProperties: false,
} as const;

const controlSchema = {
  title: 'LiveControl',
  type: 'object',
  properties: {
    kind: { title: 'ControlKind', type: 'string', enum: ['gate', 'brake', 'drill'] },
    resource: { type: ['string', 'null'], description: 'Null: all resources.' },
    state: { type: 'string', description: 'Of a gate its state; of a drill its fault; of a brake `braked`.' },
    percent: { type: ['integer', 'null'] },
    until: { ...instant, type: ['string', 'null'], description: 'Null: until it is changed.' },
    reason: { type: ['string', 'null'] },
  },
  required: ['kind', 'resource', 'state', 'percent', 'until', 'reason'],
  additionalProperties: false,
} as const;

export const liveFrameSchema = {
  type: 'object',
  properties: {
    at: { ...instant, description: "By this node's clock." },
    node: { type: 'string', description: 'The id of the node that answers.' },
    nodes: {
      type: 'array',
      description: 'The nodes that share the store: this one first, then at most 100 others.',
      items: nodeSchema,
    },
    nodesReadMsAgo: {
      ...count,
      description: 'How old what is said of the other nodes is: it grows while the store is away.',
    },
    controls: {
      type: 'array',
      description: 'The gates, brakes and drills in force, at most 50.',
      items: controlSchema,
    },
    moreControls: { ...count, description: 'Those in force that are not listed.' },
  },
  required: ['at', 'node', 'nodes', 'nodesReadMsAgo', 'controls', 'moreControls'],
  additionalProperties: false,
} as const;
