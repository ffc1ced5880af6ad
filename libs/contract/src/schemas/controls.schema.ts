import {
  ATTRIBUTE_PATTERN,
  MAX_ATTRIBUTES,
  MAX_REASON_LENGTH,
  MAX_VALUE_LENGTH,
  NAME_PATTERN,
} from '../bounds.js';
import { DRILL_FAULTS, GATE_STATES } from '../controls.js';
import { onDenySchema } from './decision.schema.js';

/** The bodies of gates, brakes and drills, as JSON Schema. */
const instant = {
  type: 'string',
  format: 'date-time',
  description: 'ISO-8601 with offset, in the future.',
} as const;
const reason = {
  type: 'string',
  maxLength: MAX_REASON_LENGTH,
  description: 'For logs and the ledger.',
} as const;
const resource = { type: 'string', pattern: NAME_PATTERN.source } as const;
const set = {
  setAt: { type: 'string', format: 'date-time' },
  setBy: { type: 'string', description: 'The name of the key it was set with.' },
} as const;
const percent = { type: 'integer', minimum: 1, maximum: 100 } as const;

const gateState = {
  title: 'GateState',
  type: 'string',
  enum: GATE_STATES,
  description: '`open` passes all and counts it, `closed` refuses all, `normal`: the rules decide.',
} as const;

export const gateInputSchema = {
  title: 'GateInput',
  type: 'object',
  properties: {
    gate: gateState,
    until: { ...instant, description: 'ISO-8601 with offset, in the future. Absent: until it is changed.' },
    reason,
    onDeny: onDenySchema,
  },
  required: ['gate'],
  additionalProperties: false,
} as const;

export const gateSchema = {
  title: 'Gate',
  type: 'object',
  properties: {
    resource: {
      type: ['string', 'null'],
      description: 'Null: every resource that has no gate of its own.',
    },
    ...gateInputSchema.properties,
    ...set,
  },
  required: ['resource', 'gate', 'setAt'],
  additionalProperties: false,
} as const;

const brakeSubject = {
  title: 'BrakedSubject',
  type: 'object',
  description:
    'Every request whose subject has these attributes with these values. Absent: the whole resource.',
  patternProperties: {
    [ATTRIBUTE_PATTERN.source]: { type: 'string', minLength: 1, maxLength: MAX_VALUE_LENGTH },
  },
  additionalProperties: false,
  minProperties: 1,
  maxProperties: MAX_ATTRIBUTES,
} as const;

export const brakeInputSchema = {
  title: 'BrakeInput',
  type: 'object',
  properties: {
    resource,
    subject: brakeSubject,
    percent: { ...percent, description: 'How many of the operations are turned away.' },
    until: instant,
    reason,
    onDeny: onDenySchema,
  },
  required: ['resource', 'percent', 'until'],
  additionalProperties: false,
} as const;

export const brakeSchema = {
  title: 'Brake',
  type: 'object',
  properties: {
    id: { type: 'string' },
    ...brakeInputSchema.properties,
    subject: { type: 'object', additionalProperties: { type: 'string' } },
    ...set,
  },
  required: ['id', 'resource', 'percent', 'until', 'setAt'],
  additionalProperties: false,
} as const;

export const drillInputSchema = {
  title: 'DrillInput',
  type: 'object',
  properties: {
    fault: {
      title: 'DrillFault',
      type: 'string',
      enum: DRILL_FAULTS,
      description:
        '`client`: connections are dropped. `service`: answers of 500, and none. `store`: as if it did not answer. `both`: client and store.',
    },
    percent: { ...percent, description: 'How many of the operations see it.' },
    until: { ...instant, description: 'ISO-8601 with offset, in the future, at most an hour ahead.' },
    reason,
  },
  required: ['fault', 'percent', 'until'],
  additionalProperties: false,
} as const;

export const drillSchema = {
  title: 'Drill',
  type: 'object',
  properties: { resource, ...drillInputSchema.properties, ...set },
  required: ['resource', 'fault', 'percent', 'until', 'setAt'],
  additionalProperties: false,
} as const;

const written = {
  nodes: {
    title: 'ControlNodes',
    type: 'object',
    description: 'How many nodes live, and how many of them had this in force within 2 s.',
    properties: { live: { type: 'integer' }, applied: { type: 'integer' } },
    required: ['live', 'applied'],
    additionalProperties: false,
  },
  stored: {
    type: 'boolean',
    description: 'False: the store is away, and the other nodes hear of it when it is back.',
  },
} as const;

export const gateWrittenSchema = {
  type: 'object',
  properties: { gate: gateSchema, ...written },
  required: ['gate', 'nodes', 'stored'],
  additionalProperties: false,
} as const;

export const brakeWrittenSchema = {
  type: 'object',
  properties: { brake: brakeSchema, ...written },
  required: ['brake', 'nodes', 'stored'],
  additionalProperties: false,
} as const;

export const drillWrittenSchema = {
  type: 'object',
  properties: { drill: drillSchema, ...written },
  required: ['drill', 'nodes', 'stored'],
  additionalProperties: false,
} as const;

export const gateListSchema = {
  type: 'object',
  properties: {
    gates: { type: 'array', description: 'The one for all first.', items: gateSchema },
  },
  required: ['gates'],
  additionalProperties: false,
} as const;

export const brakeListSchema = {
  type: 'object',
  properties: { brakes: { type: 'array', items: brakeSchema } },
  required: ['brakes'],
  additionalProperties: false,
} as const;

export const drillListSchema = {
  type: 'object',
  properties: { drills: { type: 'array', items: drillSchema } },
  required: ['drills'],
  additionalProperties: false,
} as const;
