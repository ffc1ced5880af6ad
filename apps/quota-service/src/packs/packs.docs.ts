import {
  packAddedSchema,
  packCancelledSchema,
  packInputSchema,
  subjectPacksSchema,
  subjectSchema,
} from '@sundial/contract';
import { REASON } from '../admin/reason.js';
import type { Operation } from '../http/openapi/describe.js';

const PACK = {
  id: '_9pEok3tgb8QB0LCKvdDLW',
  meter: 'units',
  amount: 50,
  remaining: 50,
  priority: 100,
  expiresAt: '2027-01-01T00:00:00.000Z',
  createdAt: '2026-11-22T04:20:00.000Z',
  state: 'active',
} as const;

const SUBJECT = [
  { in: 'query', name: 'resource', description: 'What is limited.', example: 'ocr' },
  {
    in: 'query',
    name: 'subject',
    description:
      'Each attribute is a parameter of its own: `user=u1&grade=3`; where a name is another parameter here, `subject={"name":"value"}`.',
    fields: { name: 'Subject', schema: subjectSchema },
  },
] as const;

export const ADD_PACK: Operation = {
  id: 'addPack',
  tag: 'admin',
  summary: 'Give a subject units on top of its windows',
  description:
    'They are used where a window has no room, count in none, and no window resets them. They stand in for the rules that count by exactly the attributes of the subject; other rules must have room themselves. Repeating the operation id adds nothing.',
  body: {
    schema: { name: 'PackInput', schema: packInputSchema },
    examples: {
      bought: {
        summary: 'Fifty that were bought',
        value: {
          resource: 'ocr',
          subject: { user: 'u1' },
          amount: 50,
          expiresAt: '2027-01-01T00:00:00Z',
          operationId: 'order-4711',
          reason: 'order 4711',
        },
      },
    },
  },
  answers: {
    200: {
      description: 'The pack, now or added before.',
      schema: { name: 'PackAdded', schema: packAddedSchema },
      examples: { added: { summary: 'Added', value: { pack: PACK, replayed: false } } },
    },
  },
  problems: [
    'invalid-request',
    'invalid-json',
    'payload-too-large',
    'unsupported-media-type',
    'operation-conflict',
    'too-many-packs',
    'store-unavailable',
  ],
};

export const LIST_PACKS: Operation = {
  id: 'listPacks',
  tag: 'admin',
  summary: 'The packs of a subject',
  description:
    'In the order in which they are used; also those that give nothing any more, while they are remembered.',
  parameters: SUBJECT,
  answers: {
    200: {
      description: 'Every pack.',
      schema: { name: 'SubjectPacks', schema: subjectPacksSchema },
      examples: {
        one: { summary: 'One', value: { resource: 'ocr', subject: { user: 'u1' }, packs: [PACK] } },
      },
    },
  },
  problems: ['invalid-request', 'store-unavailable'],
};

export const CANCEL_PACK: Operation = {
  id: 'cancelPack',
  tag: 'admin',
  summary: 'Cancel what is left of a pack',
  description:
    'It is used no more. What an operation took from it and gives back stays in it. May be repeated.',
  parameters: [
    { in: 'path', name: 'id', description: 'As it was answered when it was added.', example: PACK.id },
    ...SUBJECT,
    REASON,
  ],
  answers: {
    200: {
      description: 'The pack, with what was left of it.',
      schema: { name: 'PackCancelled', schema: packCancelledSchema },
      examples: { cancelled: { summary: 'Cancelled', value: { pack: { ...PACK, state: 'cancelled' } } } },
    },
  },
  problems: ['invalid-request', 'pack-not-found', 'store-unavailable'],
};
