import type { Operation } from '../http/openapi/describe.js';
import type { ShownJournal } from './shown-journal.js';
import { journalSchema } from './journal.schema.js';

const NONE = {
  counted: 0,
  'already-counted': 0,
  reversed: 0,
  voided: 0,
  late: 0,
  conflict: 0,
  'wrong-type': 0,
};
const RECOVERING: ShownJournal = {
  sync: 'group',
  pending: 1_204,
  oldestMs: 9_870,
  bytes: 2_310_144,
  tornBytes: 0,
  unjournaled: 0,
  withheld: 0,
  summed: 0,
  lost: 0,
  settled: {
    counted: 2_816,
    'already-counted': 31,
    reversed: 12,
    voided: 18,
    late: 0,
    conflict: 0,
    'wrong-type': 0,
  },
  toReplay: 0,
  replayed: NONE,
  uncertainIntervals: [],
};
const LATE: ShownJournal = {
  ...RECOVERING,
  pending: 0,
  oldestMs: null,
  bytes: 0,
  settled: { ...RECOVERING.settled, late: 5 },
  replayed: { ...NONE, counted: 212, 'already-counted': 4_920 },
  uncertainIntervals: [
    {
      from: '2026-11-22T05:10:02.730Z',
      to: '2026-11-22T05:10:02.792Z',
      reason: 'settled-too-late',
      operations: 5,
    },
  ],
};

export const SHOW_JOURNAL: Operation = {
  id: 'showJournal',
  tag: 'admin',
  summary: 'What this node decided without the store',
  description: 'Each node keeps a journal of its own (docs/adr/0010): ask every one.',
  answers: {
    200: {
      description: 'What is still pending, and what became of the rest since the start.',
      schema: { name: 'Journal', schema: journalSchema },
      examples: {
        recovering: { summary: 'Redis is back, and the journal is being settled', value: RECOVERING },
        late: { summary: 'Five operations could not be settled in time', value: LATE },
      },
    },
  },
};
