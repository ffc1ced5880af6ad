const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const;

const settledSchema = {
  title: 'SettlementCounts',
  type: 'object',
  description: 'What the store said, by operations.',
  properties: {
    counted: count('Allowed, and counted now.'),
    'already-counted': count('Allowed, and the abandoned call had counted it.'),
    reversed: count('Refused, and the abandoned call had counted it: taken back.'),
    voided: count('Refused, and not counted: it never will be.'),
    late: count('Its windows are over, or the store no longer knew it.'),
    conflict: count('Its id belongs to another operation: not counted.'),
    'wrong-type': count('A wrong-type key: it holds what Sundial did not write. Not counted.'),
  },
  required: ['counted', 'already-counted', 'reversed', 'voided', 'late', 'conflict', 'wrong-type'],
  additionalProperties: false,
} as const;

const intervalSchema = {
  title: 'UncertainInterval',
  type: 'object',
  properties: {
    from: { type: 'string', format: 'date-time' },
    to: { type: 'string', format: 'date-time' },
    reason: {
      title: 'UncertaintyReason',
      type: 'string',
      enum: ['settled-too-late', 'writes-lost', 'journal-damaged'],
    },
    operations: count('How many are known to be meant; there may be more.'),
  },
  required: ['from', 'to', 'reason', 'operations'],
  additionalProperties: false,
} as const;

export const journalSchema = {
  type: 'object',
  properties: {
    sync: {
      title: 'JournalSync',
      type: 'string',
      enum: ['group', 'strict', 'memory'],
      description: '`memory`: no file, as beside the embedded store, which needs none.',
    },
    pending: count('Settlements that the store has not acknowledged yet.'),
    oldestMs: {
      type: ['integer', 'null'],
      description: 'How long ago the oldest of them was decided; null: nothing is pending.',
    },
    bytes: count('The size of the file.'),
    tornBytes: count(
      'What could not be read of the file at the start: a write was cut off, or it is damaged.',
    ),
    unjournaled: count(
      'Answers that went out before the journal held them, because the disk did not take them.',
    ),
    withheld: count(
      'Decisions that were refused instead of allowed, because the disk did not take them in time (`sync` is `strict`).',
    ),
    summed: count('Operations that were added up, because there was no room for each of them.'),
    lost: count('Operations that the counters will never show.'),
    settled: settledSchema,
    toReplay: count('Operations still to be replayed, because Redis may have lost them.'),
    replayed: settledSchema,
    uncertainIntervals: {
      type: 'array',
      description: 'Intervals in which the node cannot say what became of some operations.',
      items: intervalSchema,
    },
  },
  required: [
    'sync',
    'pending',
    'oldestMs',
    'bytes',
    'tornBytes',
    'unjournaled',
    'withheld',
    'summed',
    'lost',
    'settled',
    'toReplay',
    'replayed',
    'uncertainIntervals',
  ],
  additionalProperties: false,
} as const;
