import type { Operation } from '../http/openapi/describe.js';
import type { Alarm } from './alarm.js';
import { alarmListSchema } from './alarm.schema.js';

const DEGRADED: Alarm = {
  id: '4f0c6f5e-6f5c-4f6e-9d5b-0b8f5f0f7f1a',
  pattern: 'store-away',
  kind: 'degraded-mode',
  class: 'alarm',
  channel: null,
  summary: "the store cannot be asked: the rules' degrade policies decide",
  terms: {},
  evidence: { cause: 'timeout' },
  raisedAt: '2026-11-22T06:29:26.118Z',
  clearedAt: null,
};
const ROW: Alarm = {
  id: 'b9f4c2de-3b8e-4c55-8f2f-7f1de3c0a9d4',
  pattern: 'channel-down',
  kind: 'consecutive',
  class: 'alarm',
  channel: { resource: 'ocr', dependency: 'redis' },
  summary: '12 failures in a row within 60 s: ocr on redis',
  terms: { failures: 12, withinMs: 60_000 },
  evidence: { failures: 12, spanMs: 412 },
  raisedAt: '2026-11-22T05:10:02.730Z',
  clearedAt: '2026-11-22T05:11:03.006Z',
};

export const LIST_ALARMS: Operation = {
  id: 'listAlarms',
  tag: 'admin',
  summary: 'Alarms of this node',
  description:
    'Each node watches by itself: ask every one, or let them push (SUNDIAL_ALARM_WEBHOOK_URL). Those over all nodes are listed by the node that judges them.',
  answers: {
    200: {
      description: 'The active alarms, and the last ones that are over.',
      schema: { name: 'AlarmList', schema: alarmListSchema },
      examples: { outage: { summary: 'Redis is away', value: { active: [DEGRADED], over: [ROW] } } },
    },
  },
};
