import { MAX_REASON_LENGTH, NAME_PATTERN, OPERATION_ID_PATTERN } from '../bounds.js';
import { DEFAULT_PACK_PRIORITY, MAX_PACK_PRIORITY } from '../pack.js';
import { packSchema } from './decision.schema.js';
import { meterSchema } from './limit.schema.js';
import { subjectSchema } from './request.schema.js';

export const packInputSchema = {
  title: 'PackInput',
  type: 'object',
  properties: {
    resource: { type: 'string', pattern: NAME_PATTERN.source },
    subject: subjectSchema,
    meter: meterSchema,
    amount: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    expiresAt: { type: 'string', format: 'date-time', description: 'Absent: it does not expire.' },
    priority: {
      type: 'integer',
      minimum: 0,
      maximum: MAX_PACK_PRIORITY,
      default: DEFAULT_PACK_PRIORITY,
      description:
        'Packs with smaller numbers are used first, and of the same number the one that expires first.',
    },
    operationId: {
      type: 'string',
      pattern: OPERATION_ID_PATTERN.source,
      description: 'Repeating it with the same pack adds nothing.',
    },
    reason: { type: 'string', maxLength: MAX_REASON_LENGTH },
  },
  required: ['resource', 'subject', 'amount', 'operationId'],
  additionalProperties: false,
} as const;

export const packAddedSchema = {
  title: 'PackAdded',
  type: 'object',
  properties: {
    pack: packSchema,
    replayed: { type: 'boolean', description: 'Its operation id had added it before.' },
  },
  required: ['pack', 'replayed'],
  additionalProperties: false,
} as const;

export const packCancelledSchema = {
  title: 'PackCancelled',
  type: 'object',
  properties: { pack: packSchema },
  required: ['pack'],
  additionalProperties: false,
} as const;

export const subjectPacksSchema = {
  title: 'SubjectPacks',
  type: 'object',
  properties: {
    resource: { type: 'string' },
    subject: { type: 'object', additionalProperties: { type: 'string' } },
    packs: { type: 'array', items: packSchema },
  },
  required: ['resource', 'subject', 'packs'],
  additionalProperties: false,
} as const;
