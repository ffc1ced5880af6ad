import { DECISION_REASONS, DEGRADED_CAUSES, LIMIT_SOURCES } from '../decision.js';
import { PACK_STATES } from '../pack.js';
import { DEGRADE_POLICIES } from '../rule.js';
import { scheduleProperties, windowSchema } from './limit.schema.js';

const scheduleStateSchema = {
  title: 'ScheduleState',
  type: 'object',
  description: "The entry of the limit's `when` that holds, as the rule wrote it.",
  properties: {
    index: { type: 'integer', minimum: 0, description: 'Its place in `when`, from 0.' },
    ...scheduleProperties,
    until: {
      type: ['string', 'null'],
      format: 'date-time',
      description: 'When it stops to hold; null where that is more than a year ahead.',
    },
  },
  required: ['index', 'max', 'until'],
  additionalProperties: false,
} as const;

/** One limit of one rule, as every answer shows it. */
const limitStateSchema = {
  title: 'Limit',
  type: 'object',
  description: 'One limit of one rule, for one subject, in its concrete window.',
  properties: {
    rule: { type: 'string' },
    mode: {
      title: 'LimitMode',
      type: 'string',
      enum: ['enforce', 'observe'],
      description: '`observe` counts and never denies.',
    },
    window: windowSchema,
    meter: { type: 'string', description: 'What the units are: `units` are the operations themselves.' },
    timeZone: { type: 'string', description: 'IANA name.' },
    max: { type: ['integer', 'null'], minimum: 0, description: 'Null: unlimited.' },
    source: {
      title: 'LimitSource',
      type: 'string',
      enum: LIMIT_SOURCES,
      description: "Where `max` comes from: `rule` is the rule's own limit.",
    },
    schedule: scheduleStateSchema,
    soft: { type: 'boolean', description: 'True where the limit never refuses; else absent.' },
    used: { type: 'integer', minimum: 0, description: 'After this operation, if it was counted.' },
    reserved: { type: 'integer', minimum: 0 },
    remaining: {
      type: ['integer', 'null'],
      minimum: 0,
      description: 'max − used − reserved, never below 0; null where max is.',
    },
    startsAt: {
      type: ['string', 'null'],
      format: 'date-time',
      description: 'Null where the window is `total` or `concurrent`.',
    },
    resetsAt: { type: ['string', 'null'], format: 'date-time' },
    exceeded: {
      type: 'boolean',
      description: 'It had no room for what was asked; in usage: for one more unit.',
    },
  },
  required: [
    'rule',
    'mode',
    'window',
    'meter',
    'timeZone',
    'max',
    'source',
    'used',
    'reserved',
    'remaining',
    'startsAt',
    'resetsAt',
    'exceeded',
  ],
  additionalProperties: false,
} as const;

export const onDenySchema = {
  title: 'OnDeny',
  type: 'object',
  description: 'The business flow a refusal starts, handed through untouched.',
  properties: {
    code: { type: 'string' },
    message: { type: 'string' },
    action: { type: 'string' },
    params: { type: 'object', additionalProperties: true },
  },
  required: ['code'],
  additionalProperties: false,
} as const;

const cause = {
  title: 'DegradedCause',
  type: 'string',
  enum: DEGRADED_CAUSES,
} as const;

export const degradePolicySchema = {
  title: 'DegradePolicy',
  type: 'string',
  enum: DEGRADE_POLICIES,
  description: 'What decides while the store cannot be asked.',
} as const;

export const packSchema = {
  title: 'Pack',
  type: 'object',
  description: 'Units that were bought or given, used where the windows have no room.',
  properties: {
    id: { type: 'string' },
    meter: { type: 'string' },
    amount: { type: 'integer', minimum: 1, description: 'What it began with.' },
    remaining: { type: 'integer', minimum: 0 },
    priority: { type: 'integer', minimum: 0 },
    expiresAt: {
      type: ['string', 'null'],
      format: 'date-time',
      description: 'Null: it does not expire. Of one that was cancelled: when.',
    },
    createdAt: { type: 'string', format: 'date-time' },
    state: { title: 'PackState', type: 'string', enum: PACK_STATES },
  },
  required: ['id', 'meter', 'amount', 'remaining', 'priority', 'expiresAt', 'createdAt', 'state'],
  additionalProperties: false,
} as const;

/** The answer to a check. Fastify compiles its serialiser from this: twice as fast as `JSON.stringify`. */
export const decisionSchema = {
  title: 'Decision',
  type: 'object',
  properties: {
    allowed: { type: 'boolean' },
    reason: { title: 'DecisionReason', type: 'string', enum: DECISION_REASONS },
    operationId: { type: 'string' },
    replayed: {
      type: 'boolean',
      description: 'The operation had been allowed before; nothing was counted this time.',
    },
    wouldDeny: {
      type: 'boolean',
      description: 'A rule in mode `observe` would have refused, or any rule but for an open gate.',
    },
    limits: { type: 'array', items: limitStateSchema },
    retryAfterMs: {
      type: 'integer',
      minimum: 0,
      description:
        'Until every refusing limit has reset, or the gate or brake may pass it; only when waiting helps.',
    },
    onDeny: onDenySchema,
    warnings: {
      type: 'array',
      description:
        'Of an allowed decision the soft limits that had no room, with window and meter; and what was amiss with the subject, with code and message.',
      items: {
        title: 'DecisionWarning',
        type: 'object',
        properties: {
          rule: { type: 'string' },
          window: windowSchema,
          meter: { type: 'string' },
          onWarn: onDenySchema,
          code: {
            title: 'WarningCode',
            type: 'string',
            enum: ['unknown-zone'],
            description:
              '`unknown-zone`: the subject gives a time zone that does not exist; the default one of the rule was used.',
          },
          message: { type: 'string' },
        },
        required: ['rule'],
        additionalProperties: false,
      },
    },
    uncounted: {
      type: 'array',
      description: 'Meters of `amounts` that no rule of the resource counts.',
      items: { type: 'string' },
    },
    packs: {
      type: 'array',
      description:
        'What it took from packs, where the limits had no room. A repetition of a check repeats it.',
      items: {
        title: 'DecisionPack',
        type: 'object',
        properties: {
          id: { type: 'string' },
          meter: { type: 'string' },
          taken: { type: 'integer', minimum: 1 },
          remaining: { type: 'integer', minimum: 0, description: 'After it. Absent on a repetition.' },
        },
        required: ['id', 'meter', 'taken'],
        additionalProperties: false,
      },
    },
    hint: {
      type: 'string',
      description: 'With `no-rule`: the known resource with the most similar name, if there is one.',
    },
    gate: {
      title: 'DecisionGate',
      type: 'object',
      description: 'The open or closed gate of the resource, or of all; absent where there is none.',
      properties: {
        state: { title: 'DecisionGateState', type: 'string', enum: ['open', 'closed'] },
        until: {
          type: ['string', 'null'],
          format: 'date-time',
          description: 'Null: until it is changed.',
        },
      },
      required: ['state', 'until'],
      additionalProperties: false,
    },
    receipt: {
      type: 'string',
      description: 'Where it was asked for and the decision is allowed: a signed receipt (a compact JWS).',
    },
    degraded: {
      title: 'Degraded',
      type: ['object', 'null'],
      description: 'Null when the store decided; else why it did not, and the policy that decided instead.',
      properties: { cause, policy: degradePolicySchema },
      required: ['cause', 'policy'],
      additionalProperties: false,
    },
    rulesVersion: { type: 'integer', minimum: 0 },
  },
  required: [
    'allowed',
    'reason',
    'operationId',
    'replayed',
    'wouldDeny',
    'limits',
    'degraded',
    'rulesVersion',
  ],
  additionalProperties: false,
} as const;

export const usageSchema = {
  type: 'object',
  properties: {
    resource: { type: 'string' },
    subject: { type: 'object', additionalProperties: { type: 'string' } },
    limits: { type: 'array', items: limitStateSchema },
    packs: {
      type: 'array',
      description: "The subject's packs that have units left, in the order in which they are used.",
      items: packSchema,
    },
    degraded: {
      title: 'DegradedUsage',
      type: ['object', 'null'],
      description: 'Null when the store answered; else `limits` is what this node knew last.',
      properties: { cause },
      required: ['cause'],
      additionalProperties: false,
    },
    rulesVersion: { type: 'integer', minimum: 0 },
  },
  required: ['resource', 'subject', 'limits', 'degraded', 'rulesVersion'],
  additionalProperties: false,
} as const;
