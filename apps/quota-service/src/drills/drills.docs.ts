import { type Drill, drillInputSchema, drillListSchema, drillWrittenSchema } from '@sundial/contract';
import { REASON } from '../admin/reason.js';
import type { Operation } from '../http/openapi/describe.js';

const tag = 'admin';
const PROBLEMS = ['invalid-request', 'invalid-json', 'payload-too-large', 'unsupported-media-type'] as const;

const DRILL: Drill = {
  resource: 'rehearsed',
  fault: 'store',
  percent: 100,
  until: '2026-11-18T15:20:00+08:00',
  reason: 'The drill of November',
  setAt: '2026-11-18T06:29:26.000Z',
  setBy: 'ops',
};
const WRITTEN = { drill: DRILL, nodes: { live: 3, applied: 3 }, stored: true };

const resource = {
  in: 'path',
  name: 'resource',
  description: 'Which one sees the outage.',
  example: DRILL.resource,
} as const;

const written = (description: string) => ({
  description,
  schema: { name: 'DrillWritten', schema: drillWrittenSchema },
  examples: { written: { summary: 'A store that does not answer', value: WRITTEN } },
});

export const LIST_DRILLS: Operation = {
  id: 'listDrills',
  tag,
  summary: 'The drills that run',
  answers: {
    200: {
      description: 'In the order of their resources.',
      schema: { name: 'DrillList', schema: drillListSchema },
      examples: { one: { summary: 'One drill', value: { drills: [DRILL] } } },
    },
  },
};

export const SET_DRILL: Operation = {
  id: 'setDrill',
  tag,
  summary: 'Rehearse an outage of a resource',
  description:
    'Checks, reserves and looks at the usage of exactly this resource see the outage: of `client` their connections are dropped; of `service` half are answered 500 (`drill-fault`), half not at all; of `store` they are decided as if the store did not answer, and counted when the drill is over; of `both` one or the other. Of a batch only its entries fail. It ends by itself, at most an hour from now.',
  parameters: [resource],
  body: {
    schema: { name: 'DrillInput', schema: drillInputSchema },
    examples: {
      store: {
        summary: 'The store does not answer',
        value: { fault: 'store', percent: 100, until: DRILL.until, reason: DRILL.reason },
      },
      client: {
        summary: 'Every fifth connection is dropped',
        value: { fault: 'client', percent: 20, until: DRILL.until },
      },
    },
  },
  answers: {
    200: written(
      'Begun on this node, and on as many as `nodes.applied` says. With `stored: false` the store is away: the other nodes hear of it when it is back.',
    ),
  },
  problems: PROBLEMS,
};

export const REMOVE_DRILL: Operation = {
  id: 'removeDrill',
  tag,
  summary: 'End a drill',
  parameters: [resource, REASON],
  answers: { 200: written('The drill as it was; it has ended.') },
  problems: ['invalid-request', 'drill-not-found'],
};
