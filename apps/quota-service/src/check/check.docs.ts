import { checkRequestSchema, decisionSchema, type Decision } from '@sundial/contract';
import type { Operation } from '../http/openapi/describe.js';

const day = {
  rule: 'ocr-per-user',
  mode: 'enforce',
  window: 'day',
  meter: 'units',
  timeZone: 'Asia/Shanghai',
  max: 10,
  source: 'rule',
  used: 4,
  reserved: 0,
  remaining: 6,
  startsAt: '2026-11-22T00:00:00+08:00',
  resetsAt: '2026-11-23T00:00:00+08:00',
  exceeded: false,
} as const;
const hour = {
  ...day,
  window: 'hour',
  max: 3,
  used: 2,
  remaining: 1,
  startsAt: '2026-11-22T14:00:00+08:00',
  resetsAt: '2026-11-22T15:00:00+08:00',
} as const;

/** Used by the descriptions of other routes too. */
export const ALLOWED: Decision = {
  allowed: true,
  reason: 'ok',
  operationId: '01JD8Z7T5V',
  replayed: false,
  wouldDeny: false,
  limits: [day, hour],
  degraded: null,
  rulesVersion: 12,
};

const DENIED: Decision = {
  ...ALLOWED,
  allowed: false,
  reason: 'limit-reached',
  limits: [day, { ...hour, used: 3, remaining: 0, exceeded: true }],
  retryAfterMs: 1_834_000,
  onDeny: {
    code: 'OCR_LIMIT',
    message: 'The free recognitions of this period are used up',
    action: 'recharge-vip',
    params: {},
  },
};

export const CHECK: Operation = {
  id: 'check',
  tag: 'check',
  summary: 'May this run? If so, it is counted',
  description:
    'Ask right before the costly operation. A refusal is an answer (200, `allowed: false`). Whatever happens to the store, the answer comes within the deadline; `degraded` says when a policy decided.',
  body: {
    schema: { name: 'Check', schema: checkRequestSchema },
    examples: {
      simple: { summary: 'One unit for a user', value: { resource: 'ocr', subject: { user: 'u1' } } },
      repeatable: {
        summary: 'Under an id of your own: repeating it counts once',
        value: {
          resource: 'speech-scoring',
          subject: { user: 'u1', grade: '3' },
          amount: 2,
          operationId: '01JD8Z7T5V',
        },
      },
      meters: {
        summary: 'Calls, tokens and money, all counted or none',
        value: {
          resource: 'chat',
          subject: { user: 'u1' },
          amounts: { tokens: 1200, cny_micros: 3600 },
        },
      },
      look: { summary: 'Only look', value: { resource: 'llm', subject: { user: 'u1' }, amount: 0 } },
      unknown: { summary: 'A resource without rules', value: { resource: 'video', subject: { user: 'u1' } } },
    },
  },
  answers: {
    200: {
      description: 'The decision, with every limit of every rule.',
      schema: { name: 'Decision', schema: decisionSchema },
      examples: {
        allowed: { summary: 'Allowed and counted', value: ALLOWED },
        denied: { summary: 'The hour is used up', value: DENIED },
        meters: {
          summary: 'Tokens counted; no rule counts the meter `tokn`',
          value: {
            ...ALLOWED,
            limits: [day, { ...day, meter: 'tokens', max: 20_000, used: 1_200, remaining: 18_800 }],
            uncounted: ['tokn'],
          } satisfies Decision,
        },
        gateOpen: {
          summary: 'An operator lets everyone through: counted, also above the limit',
          value: {
            ...ALLOWED,
            reason: 'gate-open',
            wouldDeny: true,
            limits: [day, { ...hour, used: 4, remaining: 0, exceeded: true }],
            gate: { state: 'open', until: '2026-11-22T15:00:00+08:00' },
          } satisfies Decision,
        },
        braked: {
          summary: 'An operator turns the resource down',
          value: {
            ...ALLOWED,
            allowed: false,
            reason: 'braked',
            limits: [],
            retryAfterMs: 1_320,
          } satisfies Decision,
        },
        degraded: {
          summary: 'Redis did not answer in time',
          value: { ...ALLOWED, degraded: { cause: 'timeout', policy: 'local' } } satisfies Decision,
        },
      },
      headers: {
        'RateLimit-Policy':
          'One item a limit: "ocr-per-user-day";q=10;w=86400 (quota, window in seconds); of another meter than units "llm-day|tokens";q=20000;qu="tokens";w=86400. No `w` where the window has no end.',
        RateLimit:
          'One item a limit: "ocr-per-user-day";r=6;t=3021 (remaining, seconds to the reset). No `t` where the window has no end.',
        'Retry-After': 'Seconds; on a denial that waiting helps.',
      },
    },
  },
  problems: [
    'invalid-request',
    'invalid-json',
    'operation-conflict',
    'drill-fault',
    'payload-too-large',
    'unsupported-media-type',
  ],
};
