import { type Gate, gateInputSchema, gateListSchema, gateWrittenSchema } from '@sundial/contract';
import type { Operation } from '../http/openapi/describe.js';

const tag = 'admin';
const PROBLEMS = ['invalid-request', 'invalid-json', 'payload-too-large', 'unsupported-media-type'] as const;

const CLOSED: Gate = {
  resource: 'sms',
  gate: 'closed',
  until: '2026-11-22T15:00:00+08:00',
  reason: 'The provider is down',
  onDeny: { code: 'SMS_CLOSED', message: 'Text messages are back at three', action: 'use-mail' },
  setAt: '2026-11-18T06:29:26.000Z',
  setBy: 'ops',
};
const FOR_ALL: Gate = { resource: null, gate: 'normal', setAt: '2026-11-18T06:29:26.000Z', setBy: 'ops' };
const NODES = { nodes: { live: 3, applied: 3 }, stored: true };

const written = (gate: Gate) => ({
  description:
    'In force on this node, and on as many as `nodes.applied` says. With `stored: false` the store is away: the other nodes hear of it when it is back.',
  schema: { name: 'GateWritten', schema: gateWrittenSchema },
  examples: { set: { summary: 'Set', value: { gate, ...NODES } } },
});

export const LIST_GATES: Operation = {
  id: 'listGates',
  tag,
  summary: 'The gates in force',
  answers: {
    200: {
      description: 'The one for all first. Resources without a gate are decided by their rules.',
      schema: { name: 'GateList', schema: gateListSchema },
      examples: { one: { summary: 'One is closed', value: { gates: [CLOSED] } } },
    },
  },
};

export const SET_GATE: Operation = {
  id: 'setGate',
  tag,
  summary: 'Open or close a resource',
  description:
    '`open` passes all checks and reserves, counts them, also above `max`, and marks them `gate-open`; `closed` refuses all (`gate-closed`); `normal` lets the rules decide, and exempts the resource from a gate for all that is set. Endings of reservations always pass. Works without the store; of two writes the later one holds.',
  parameters: [{ in: 'path', name: 'resource', description: 'What is opened or closed.', example: 'sms' }],
  body: {
    schema: { name: 'GateInput', schema: gateInputSchema },
    examples: {
      closed: {
        summary: 'Refuse all for some time',
        value: { gate: 'closed', until: CLOSED.until, reason: CLOSED.reason, onDeny: CLOSED.onDeny },
      },
      open: { summary: 'Let everyone through', value: { gate: 'open', reason: 'The exam week' } },
      normal: { summary: 'The rules decide', value: { gate: 'normal' } },
    },
  },
  answers: { 200: written(CLOSED) },
  problems: PROBLEMS,
};

export const SET_GATE_OF_ALL: Operation = {
  ...SET_GATE,
  id: 'setGateOfAll',
  summary: 'Open or close everything',
  description: "Every resource that has no gate of its own. A resource's own gate beats it.",
  parameters: [],
  body: {
    schema: { name: 'GateInput', schema: gateInputSchema },
    examples: {
      open: { summary: 'Let everyone through', value: { gate: 'open', until: CLOSED.until } },
      normal: { summary: 'The rules decide', value: { gate: 'normal' } },
    },
  },
  answers: { 200: written(FOR_ALL) },
};
