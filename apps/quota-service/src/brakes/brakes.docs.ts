import { type Brake, brakeInputSchema, brakeListSchema, brakeWrittenSchema } from '@sundial/contract';
import { REASON } from '../admin/reason.js';
import type { Operation } from '../http/openapi/describe.js';

const tag = 'admin';
const PROBLEMS = ['invalid-request', 'invalid-json', 'payload-too-large', 'unsupported-media-type'] as const;

const BRAKE: Brake = {
  id: 'mzjRlHD2oCN1N-tv',
  resource: 'llm',
  subject: { user: 'u1' },
  percent: 90,
  until: '2026-11-22T15:00:00+08:00',
  reason: 'A runaway script',
  onDeny: { code: 'SLOW_DOWN', action: 'wait' },
  setAt: '2026-11-18T06:29:26.000Z',
  setBy: 'ops',
};
const WRITTEN = { brake: BRAKE, nodes: { live: 3, applied: 3 }, stored: true };

const written = (description: string) => ({
  description,
  schema: { name: 'BrakeWritten', schema: brakeWrittenSchema },
  examples: { written: { summary: 'One subject, turned down to 10 %', value: WRITTEN } },
});

export const LIST_BRAKES: Operation = {
  id: 'listBrakes',
  tag,
  summary: 'The brakes in force',
  answers: {
    200: {
      description: 'In the order of their resources.',
      schema: { name: 'BrakeList', schema: brakeListSchema },
      examples: { one: { summary: 'One brake', value: { brakes: [BRAKE] } } },
    },
  },
};

export const SET_BRAKE: Operation = {
  id: 'setBrake',
  tag,
  summary: 'Turn a resource down, or one subject of it',
  description:
    '`percent` is how many of the operations are turned away (`braked`, nothing is counted): 90 turns down to 10 %. A hash of the operation id decides, so a repetition is answered alike on every node. Every request is meant whose subject has the attributes of `subject`; where several brakes match, the strictest is asked. The same resource and subject again replace the brake. Works without the store.',
  body: {
    schema: { name: 'BrakeInput', schema: brakeInputSchema },
    examples: {
      subject: {
        summary: 'One subject, down to 10 %',
        value: {
          resource: BRAKE.resource,
          subject: BRAKE.subject,
          percent: 90,
          until: BRAKE.until,
          reason: BRAKE.reason,
          onDeny: BRAKE.onDeny,
        },
      },
      resource: {
        summary: 'A whole resource, down to a half',
        value: { resource: 'llm', percent: 50, until: BRAKE.until },
      },
    },
  },
  answers: {
    200: written(
      'In force on this node, and on as many as `nodes.applied` says. With `stored: false` the store is away: the other nodes hear of it when it is back.',
    ),
  },
  problems: PROBLEMS,
};

export const REMOVE_BRAKE: Operation = {
  id: 'removeBrake',
  tag,
  summary: 'Take a brake away',
  parameters: [{ in: 'path', name: 'id', description: 'Of the brake.', example: BRAKE.id }, REASON],
  answers: { 200: written('The brake as it was; it is not in force any more.') },
  problems: ['invalid-request', 'brake-not-found'],
};
