import { NAME_PATTERN } from '../bounds.js';
import { RECEIPT_CODES, RECEIPT_ISSUER } from '../receipt.js';
import { decisionSchema } from './decision.schema.js';
import { refundedSchema } from './reservation.schema.js';

/** The bodies about receipts, as JSON Schema. */
export const verifyReceiptRequestSchema = {
  title: 'VerifyReceipt',
  type: 'object',
  properties: {
    receipt: { type: 'string', description: 'As the decision carried it.' },
    resource: {
      type: 'string',
      pattern: NAME_PATTERN.source,
      description: 'The resource that is about to be used.',
    },
    consume: {
      type: 'boolean',
      description: 'Once only: no receipt of the same operation is valid afterwards, on any node.',
    },
  },
  required: ['receipt', 'resource'],
  additionalProperties: false,
} as const;

const { reason, degraded } = decisionSchema.properties;
const seconds = { type: 'integer', description: 'Seconds since 1970.' } as const;

export const receiptClaimsSchema = {
  title: 'ReceiptClaims',
  type: 'object',
  description: 'What the receipt says. Compare `subject` and `amounts` with what is about to be done.',
  properties: {
    iss: { type: 'string', const: RECEIPT_ISSUER },
    jti: { type: 'string', description: 'The same in every receipt of one operation.' },
    operationId: { type: 'string' },
    resource: { type: 'string' },
    subject: { type: 'object', additionalProperties: { type: 'string' } },
    amounts: refundedSchema.properties.amounts,
    allowed: { type: 'boolean', const: true },
    reason,
    degraded: {
      title: 'DegradedReceipt',
      type: 'object',
      description: 'Absent where the store decided.',
      properties: degraded.properties,
      required: degraded.required,
      additionalProperties: false,
    },
    reservation: { type: 'string', description: 'Of a reserve: the id of its reservation.' },
    offline: {
      type: 'boolean',
      const: true,
      description: 'A client made it for itself; accepted only while the gate of the resource is open.',
    },
    iat: seconds,
    exp: seconds,
  },
  required: ['jti', 'operationId', 'resource', 'subject', 'amounts', 'allowed', 'reason', 'iat', 'exp'],
  additionalProperties: false,
} as const;

export const receiptVerdictSchema = {
  title: 'ReceiptVerdict',
  type: 'object',
  properties: {
    valid: { type: 'boolean' },
    code: {
      title: 'ReceiptCode',
      type: 'string',
      enum: RECEIPT_CODES,
      description: 'Why it is not valid; absent where it is.',
    },
    claims: receiptClaimsSchema,
  },
  required: ['valid'],
  additionalProperties: false,
} as const;

export const jwksSchema = {
  title: 'Jwks',
  type: 'object',
  description: 'The public keys of all nodes (RFC 7517), each under the thumbprint of RFC 7638.',
  properties: {
    keys: {
      type: 'array',
      items: {
        title: 'Jwk',
        type: 'object',
        properties: {
          kty: { type: 'string' },
          crv: { type: 'string' },
          x: { type: 'string' },
          y: { type: 'string' },
          kid: { type: 'string' },
          alg: { type: 'string' },
          use: { type: 'string' },
        },
        required: ['kty', 'crv', 'x', 'kid', 'alg', 'use'],
        additionalProperties: false,
      },
    },
  },
  required: ['keys'],
  additionalProperties: false,
} as const;
