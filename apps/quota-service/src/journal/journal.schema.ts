const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const;

const settledSchema = {
  title: 'SettlementCounts',
  type: 'object',
  description: 'What the store said, by operations.',
  properties: {
    counted: count('Allowed, and counted now.'),
    'already-counted': count('Allowed, and the abandoned call had counted it.'),
    reversed: count('Refused, and the abandoned call had counted it: taken back.'),
    barred: count('Refused, and not counted: it never will be.'),
    late: count('Its windows are over, or the store no longer knew it.'),
    conflict: count('Its id belongs to another operation: not counted.'),
    broken: count('A key holds what Sundial did not write: not counted.'),
  },
  required: ['counted', 'already-counted', 'reversed', 'barred', 'late', 'conflict', 'broken'],
  additionalProperties: false,
} as const;

const spanSchema = {
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
    owed: count('Entries that the books do not show yet.'),
    oldestMs: {
      type: ['integer', 'null'],
      description: 'How long ago the oldest of them was decided; null: nothing is owed.',
    },
    bytes: count('The size of the file.'),
    tornBytes: count(
      'What could not be read of the file at the start: a write was cut off, or it is damaged.',
    ),
    unjournaled: count(
      'Answers that went out before the journal held them, because the disk did not take them.',
    ),
    withheld: count(
      'Answers that were no instead of yes, because the disk did not take them in time (`sync` is `strict`).',
    ),
    summed: count('Operations that were added up, because there was no room for each of them.'),
    lost: count('Operations the books will never show.'),
    settled: settledSchema,
    toReassert: count('Operations still to be told again, because Redis may have lost them.'),
    reasserted: settledSchema,
    unverifiable: {
      type: 'array',
      description: 'Times with operations that nobody can tell the truth about.',
      items: spanSchema,
    },
  },
  required: [
    'sync',
    'owed',
    'oldestMs',
    'bytes',
    'tornBytes',
    'unjournaled',
    'withheld',
    'summed',
    'lost',
    'settled',
    'toReassert',
    'reasserted',
    'unverifiable',
  ],
  additionalProperties: false,
} as const;
