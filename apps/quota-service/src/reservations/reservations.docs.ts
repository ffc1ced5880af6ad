import {
  commitRequestSchema,
  extendRequestSchema,
  releaseRequestSchema,
  type Reservation,
  type ReservationAnswer,
  reservationAnswerSchema,
  type ReserveDecision,
  reserveDecisionSchema,
  reserveRequestSchema,
} from '@sundial/contract';
import { ALLOWED, CHECK } from '../check/check.docs.js';
import type { Operation } from '../http/openapi/describe.js';

const HELD: Reservation = {
  id: 'WzEsIjAxSkQ4Wjd-example',
  operationId: '01JD8Z7T5V',
  resource: 'ocr',
  subject: { user: 'u1' },
  state: 'held',
  expiresAt: '2026-11-22T14:30:26+08:00',
  amounts: { units: 1 },
};
const limits = ALLOWED.limits.map((limit) => ({ ...limit, reserved: 1, remaining: limit.remaining! - 1 }));
const RESERVED: ReserveDecision = { ...ALLOWED, limits, reservation: HELD };
const ENDED: ReservationAnswer = {
  reservation: { ...HELD, state: 'committed', committed: { units: 1 } },
  limits: ALLOWED.limits,
  degraded: null,
};
const DENIED = CHECK.answers[200]?.examples?.['denied']?.value as ReserveDecision;

const id = {
  in: 'path',
  name: 'id',
  description: 'As reserve answered it.',
  example: HELD.id,
} as const;
const BODY_PROBLEMS = [
  'invalid-request',
  'invalid-json',
  'payload-too-large',
  'unsupported-media-type',
] as const;
const ENDING_PROBLEMS = [...BODY_PROBLEMS, 'reservation-not-found', 'reservation-ended'] as const;

export const RESERVE: Operation = {
  id: 'reserve',
  tag: 'reservations',
  summary: 'May this run? If so, its units are held until it has succeeded or failed',
  description:
    'A check that holds what it takes. End it with commit, release, or not at all: then it expires by `onExpiry`. A refusal is an answer (200, `reservation: null`).',
  body: {
    schema: { name: 'Reserve', schema: reserveRequestSchema },
    examples: {
      simple: { summary: 'One unit, for a minute', value: { resource: 'ocr', subject: { user: 'u1' } } },
      careful: {
        summary: 'For ten minutes; counted if nothing ends it',
        value: {
          resource: 'ocr',
          subject: { user: 'u2' },
          operationId: '01JD8Z7T5V',
          ttlMs: 600_000,
          onExpiry: 'commit',
        },
      },
    },
  },
  answers: {
    200: {
      description: 'The decision, and what was reserved.',
      schema: { name: 'ReserveDecision', schema: reserveDecisionSchema },
      examples: {
        reserved: { summary: 'Allowed and held', value: RESERVED },
        denied: { summary: 'The hour is used up', value: { ...DENIED, reservation: null } },
      },
      headers: CHECK.answers[200]!.headers!,
    },
  },
  problems: [...BODY_PROBLEMS, 'operation-conflict', 'operation-refunded', 'drill-fault'],
};

export const RESERVATION: Operation = {
  id: 'readReservation',
  tag: 'reservations',
  summary: 'How a reservation stands',
  description: 'Until 15 minutes after its end.',
  parameters: [id],
  answers: {
    200: {
      description: 'The reservation, and the windows that its units were taken from.',
      schema: { name: 'ReservationAnswer', schema: reservationAnswerSchema },
      examples: {
        held: { summary: 'Held', value: { reservation: HELD, limits, degraded: null } },
        expired: {
          summary: 'Nothing had ended it in time',
          value: { ...ENDED, reservation: { ...HELD, state: 'expired' } },
        },
      },
    },
  },
  problems: ['reservation-not-found'],
};

export const COMMIT: Operation = {
  id: 'commit',
  tag: 'reservations',
  summary: 'The operation succeeded: count what it really used',
  description:
    'A meter that is not named is committed as held; less gives the rest back, more is charged in full. May be repeated, and may come after the expiry (`late`).',
  parameters: [id],
  body: {
    schema: { name: 'Commit', schema: commitRequestSchema },
    examples: {
      held: { summary: 'As held', value: {} },
      used: { summary: 'What was used', value: { amount: 1 } },
    },
  },
  answers: {
    200: {
      description: 'The reservation, ended.',
      schema: { name: 'ReservationAnswer', schema: reservationAnswerSchema },
      examples: {
        committed: { summary: 'Counted as held', value: ENDED },
        overage: {
          summary: 'More was used than was held',
          value: {
            ...ENDED,
            reservation: {
              ...HELD,
              state: 'committed',
              amounts: { units: 1, tokens: 1_000 },
              committed: { units: 1, tokens: 1_200 },
              overage: { tokens: 200 },
            },
          } satisfies ReservationAnswer,
        },
        degraded: {
          summary: 'Redis is away: journaled, and settled when it is back',
          value: { ...ENDED, limits: [], degraded: { cause: 'breaker-open' } } satisfies ReservationAnswer,
        },
      },
    },
  },
  problems: ENDING_PROBLEMS,
};

export const RELEASE: Operation = {
  id: 'release',
  tag: 'reservations',
  summary: 'The operation failed: give everything back',
  parameters: [id],
  body: {
    schema: { name: 'Release', schema: releaseRequestSchema },
    examples: {
      plain: { summary: 'Without a word', value: {} },
      reason: { summary: 'With a reason', value: { reason: 'the provider timed out' } },
    },
  },
  answers: {
    200: {
      description: 'The reservation, ended.',
      schema: { name: 'ReservationAnswer', schema: reservationAnswerSchema },
      examples: {
        released: {
          summary: 'Given back',
          value: { ...ENDED, reservation: { ...HELD, state: 'released' } } satisfies ReservationAnswer,
        },
      },
    },
  },
  problems: ENDING_PROBLEMS,
};

export const EXTEND: Operation = {
  id: 'extend',
  tag: 'reservations',
  summary: 'It takes longer, or more, than was reserved',
  description:
    'The time counts from now and never shortens. Amounts are new totals; what they add is decided like a check. Refused: nothing changes, not the expiry either.',
  parameters: [id],
  body: {
    schema: { name: 'Extend', schema: extendRequestSchema },
    examples: { longer: { summary: 'A minute from now', value: { ttlMs: 60_000 } } },
  },
  answers: {
    200: {
      description: 'The decision, and the reservation as it stands.',
      schema: { name: 'ReserveDecision', schema: reserveDecisionSchema },
      examples: { extended: { summary: 'Held for longer', value: RESERVED } },
      headers: CHECK.answers[200]!.headers!,
    },
  },
  problems: ENDING_PROBLEMS,
};
