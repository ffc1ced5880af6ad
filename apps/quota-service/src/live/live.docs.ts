import type { Operation } from '../http/openapi/describe.js';
import type { LiveFrame } from './live-frame.js';
import { liveFrameSchema } from './live.schema.js';

const FRAME: LiveFrame = {
  at: '2026-11-22T06:29:26.118Z',
  node: '4f0c6f5e-6f5c-4f6e-9d5b-0b8f5f0f7f1a',
  nodes: [
    {
      id: '4f0c6f5e-6f5c-4f6e-9d5b-0b8f5f0f7f1a',
      heardMsAgo: 0,
      rulesVersion: 12,
      report: {
        name: 'sundial-1:3000',
        version: '0.1.0',
        startedAt: '2026-11-20T01:00:00.000Z',
        store: { kind: 'redis', mode: 'exact', cause: null, pending: 0 },
        rulesVersion: 12,
        load: { eventLoop: 0.31, inFlight: 4, waiting: 0 },
        perSecond: {
          ...{ allowed: 812.4, denied: 41.2, degradedAllowed: 0, degradedDenied: 0 },
          ...{ refused: 0, shed: 0 },
        },
        latencyMs: { p50: 0.9, p99: 4.1 },
        alarms: { active: 0, shown: [] },
      },
    },
  ],
  nodesReadMsAgo: 240,
  controls: [
    {
      ...{ kind: 'gate', resource: 'sms', state: 'closed', percent: null },
      ...{ until: '2026-11-22T15:20:00+08:00', reason: 'provider down' },
    },
  ],
  moreControls: 0,
};

export const LIVE_FRAMES: Operation = {
  id: 'streamLive',
  tag: 'admin',
  summary: 'What the nodes do, second by second',
  description:
    'Server-sent events: a frame a second as `data`, with an `id` that counts on. A reader that does not take a frame in time misses the next ones. The last event is `end`, with a `reason`: `session-ended`, `replaced` (the browser has opened another stream), `shutting-down` or `complete`.',
  parameters: [
    {
      in: 'query',
      name: 'frames',
      description: 'Ends the stream after so many. Default: it goes on.',
      example: '1',
      optional: true,
    },
  ],
  answers: {
    200: {
      description: 'The frames.',
      type: 'text/event-stream',
      schema: { name: 'LiveFrame', schema: liveFrameSchema },
      examples: { frame: { summary: 'One node, one closed gate', value: FRAME } },
    },
  },
  problems: ['invalid-request', 'too-many-streams'],
};
