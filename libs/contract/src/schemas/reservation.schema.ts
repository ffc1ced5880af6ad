import {
  DEFAULT_TTL_MS,
  MAX_LIMITS_A_RULE,
  MAX_REASON_LENGTH,
  MAX_TTL_MS,
  MAX_UNITS,
  MIN_TTL_MS,
  NAME_PATTERN,
} from '../bounds.js';
import { ON_EXPIRY, RESERVATION_STATES } from '../reservation.js';
import { decisionSchema, usageSchema } from './decision.schema.js';
import { meterSchema, windowSchema } from './limit.schema.js';
import { amountsSchema, checkRequestSchema, usageRequestSchema } from './request.schema.js';

/** The bodies of reservations, refunds, returns and corrections, as JSON Schema. */
const units = { type: 'integer', minimum: 0, maximum: MAX_UNITS } as const;
const ttlMs = { type: 'integer', minimum: MIN_TTL_MS, maximum: MAX_TTL_MS } as const;
const reason = {
  type: 'string',
  maxLength: MAX_REASON_LENGTH,
  description: 'For logs and the ledger.',
} as const;
const { resource, subject, operationId } = checkRequestSchema.properties;
const { limits, packs } = decisionSchema.properties;
const { id, meter, taken } = packs.items.properties;

export const reserveRequestSchema = {
  title: 'Reserve',
  type: 'object',
  properties: {
    ...checkRequestSchema.properties,
    ttlMs: {
      ...ttlMs,
      default: DEFAULT_TTL_MS,
      description: 'How long it is held, where nothing ends it before.',
    },
    onExpiry: {
      title: 'OnExpiry',
      type: 'string',
      enum: ON_EXPIRY,
      default: 'release',
      description: 'What becomes of the units when it expires.',
    },
  },
  required: ['resource', 'subject'],
  additionalProperties: false,
} as const;

/** All fields may be missing: `{}` commits what is held. */
export const commitRequestSchema = {
  title: 'Commit',
  type: 'object',
  description: 'What was really used. A meter that is not named is committed as held, 0 gives it back.',
  properties: {
    amount: { ...units, description: 'Of the meter `units`; more than was held is charged in full.' },
    amounts: amountsSchema,
  },
  additionalProperties: false,
} as const;

export const releaseRequestSchema = {
  title: 'Release',
  type: 'object',
  properties: { reason },
  additionalProperties: false,
} as const;

export const extendRequestSchema = {
  title: 'Extend',
  type: 'object',
  description: 'What is added is decided like a check.',
  properties: {
    ttlMs: { ...ttlMs, description: 'From now on; it never shortens.' },
    amount: { ...units, description: 'Of the meter `units`, the new total: it never lowers what is held.' },
    amounts: amountsSchema,
  },
  additionalProperties: false,
} as const;

export const refundRequestSchema = {
  title: 'Refund',
  type: 'object',
  properties: { resource, subject, operationId, reason },
  required: ['resource', 'subject', 'operationId'],
  additionalProperties: false,
} as const;

export const returnRequestSchema = {
  title: 'Return',
  type: 'object',
  properties: {
    resource,
    subject,
    amount: { ...units, default: 1, description: 'Of the meter `units`, what is given back.' },
    amounts: amountsSchema,
    operationId,
  },
  required: ['resource', 'subject', 'operationId'],
  additionalProperties: false,
} as const;

export const usageCorrectionSchema = {
  title: 'UsageCorrection',
  type: 'object',
  properties: {
    rule: { type: 'string', pattern: NAME_PATTERN.source },
    subject: usageRequestSchema.properties.subject,
    limits: {
      type: 'array',
      description: 'No two of one window and meter. Limits that are not named stay as they are.',
      minItems: 1,
      maxItems: MAX_LIMITS_A_RULE,
      items: {
        title: 'CorrectedLimit',
        type: 'object',
        properties: { window: windowSchema, meter: meterSchema, used: units },
        required: ['window', 'used'],
        additionalProperties: false,
      },
    },
    reason,
  },
  required: ['rule', 'subject', 'limits'],
  additionalProperties: false,
} as const;

export const reservationStateSchema = {
  title: 'ReservationState',
  type: 'string',
  enum: RESERVATION_STATES,
  description: '`expired`: nothing had ended it by then.',
} as const;

const meteredAmounts = {
  title: 'MeteredAmounts',
  type: 'object',
  description: 'Units by meter, `units` included.',
  additionalProperties: { type: 'integer', minimum: 0 },
} as const;

const reservationProperties = {
  id: { type: 'string', description: 'Opaque; by it the reservation is ended, on any node.' },
  operationId: { type: 'string' },
  resource: { type: 'string' },
  subject: { type: 'object', additionalProperties: { type: 'string' } },
  state: reservationStateSchema,
  expiresAt: { type: 'string', format: 'date-time' },
  amounts: meteredAmounts,
  committed: meteredAmounts,
  overage: meteredAmounts,
  packs: {
    type: 'array',
    description: 'What of it packs give: of what is held, and in the end of what was committed.',
    items: {
      title: 'ReservationPack',
      type: 'object',
      properties: { id, meter, taken },
      required: ['id', 'meter', 'taken'],
      additionalProperties: false,
    },
  },
  late: { type: 'boolean', const: true, description: 'It was committed after it had expired.' },
} as const;

const reservationRequired = [
  'id',
  'operationId',
  'resource',
  'subject',
  'state',
  'expiresAt',
  'amounts',
] as const;

const reservationSchema = {
  title: 'Reservation',
  type: 'object',
  description: 'An operation whose units are held until it ends.',
  properties: reservationProperties,
  required: reservationRequired,
  additionalProperties: false,
} as const;

/** The answer to `POST /reservations` and to an extension. Fastify compiles its serialiser from this. */
export const reserveDecisionSchema = {
  title: 'ReserveDecision',
  type: 'object',
  properties: {
    ...decisionSchema.properties,
    reservation: {
      title: 'Reservation',
      type: ['object', 'null'],
      description: 'An operation whose units are held until it ends.',
      properties: reservationProperties,
      required: reservationRequired,
      additionalProperties: false,
    },
  },
  required: [...decisionSchema.required, 'reservation'],
  additionalProperties: false,
} as const;

/** The answer to an ending, and to the question how a reservation stands. */
export const reservationAnswerSchema = {
  title: 'ReservationAnswer',
  type: 'object',
  properties: {
    reservation: reservationSchema,
    limits,
    degraded: {
      title: 'DegradedEnding',
      type: ['object', 'null'],
      description:
        'Null when the store answered; else the ending is in this node’s journal, and settled when the store is back.',
      properties: { cause: usageSchema.properties.degraded.properties.cause },
      required: ['cause'],
      additionalProperties: false,
    },
  },
  required: ['reservation', 'limits', 'degraded'],
  additionalProperties: false,
} as const;

export const refundedSchema = {
  title: 'Refunded',
  type: 'object',
  properties: { refunded: { type: 'boolean', const: true }, amounts: meteredAmounts },
  required: ['refunded', 'amounts'],
  additionalProperties: false,
} as const;

export const returnedSchema = {
  title: 'Returned',
  type: 'object',
  properties: { returned: { type: 'boolean', const: true }, limits },
  required: ['returned', 'limits'],
  additionalProperties: false,
} as const;

export const correctedUsageSchema = {
  title: 'CorrectedUsage',
  type: 'object',
  properties: {
    rule: { type: 'string' },
    subject: { type: 'object', additionalProperties: { type: 'string' } },
    limits,
  },
  required: ['rule', 'subject', 'limits'],
  additionalProperties: false,
} as const;
