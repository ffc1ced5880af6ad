import { ATTRIBUTE_PATTERN, MAX_DATES_A_SCHEDULE, MAX_UNITS, NAME_PATTERN } from '../bounds.js';
import { SCHEDULE_DAYS, WINDOW_UNITS } from '../rule.js';

export const windowUnitSchema = { title: 'WindowUnit', type: 'string', enum: WINDOW_UNITS } as const;

/** An attribute of the subject, and what holds where a check has none. */
export function ownValueSchema<const T extends object>(title: string, value: T) {
  return {
    title,
    type: 'object',
    description: 'What the subject gives under the attribute `by`, else `default`.',
    properties: { by: { type: 'string', pattern: ATTRIBUTE_PATTERN.source }, default: value },
    required: ['by', 'default'],
    additionalProperties: false,
  } as const;
}

const dayOfMonthSchema = { type: 'integer', minimum: 1, maximum: 31 } as const;

/** A subject's own billing day. */
export const ownDaySchema = ownValueSchema('OwnBillingDay', dayOfMonthSchema);

export const windowSpecSchema = {
  title: 'WindowSpec',
  type: 'object',
  description: 'A window that begins elsewhere than its unit does, or lasts several of it.',
  properties: {
    unit: windowUnitSchema,
    every: { type: 'integer', minimum: 1, maximum: 59, description: '1 to 59 minutes, 1 to 23 hours.' },
    startsAt: {
      type: 'string',
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      description:
        'When days begin on the local clock, and so weeks, months, quarters and years, or the first slot of a day.',
    },
    startsOn: {
      anyOf: [dayOfMonthSchema, { type: 'string' }, ownDaySchema],
      description:
        "The first weekday of a week, day of a month, or day of a year as MM-DD; of a month also the subject's own billing day.",
    },
  },
  required: ['unit'],
  additionalProperties: false,
} as const;

/** As a rule writes it, and as every state repeats it. */
export const windowSchema = { anyOf: [windowUnitSchema, windowSpecSchema] } as const;

export const meterSchema = {
  type: 'string',
  pattern: NAME_PATTERN.source,
  default: 'units',
  description: 'What the units are; `units` are the operations themselves.',
} as const;

const TIME = '([01][0-9]|2[0-3]):[0-5][0-9]';

export const maxSchema = {
  type: ['integer', 'null'],
  minimum: 0,
  maximum: MAX_UNITS,
  description: 'Null: unlimited; it counts and never refuses.',
} as const;

export const scheduleProperties = {
  days: {
    type: 'array',
    description: 'Weekdays on which it begins; with neither days nor dates, every day.',
    items: { title: 'ScheduleDay', type: 'string', enum: SCHEDULE_DAYS },
    minItems: 1,
    uniqueItems: true,
  },
  dates: {
    type: 'array',
    description: 'Dates on which it begins: 2027-02-06, or a range with both ends, 2027-02-06/2027-02-12.',
    items: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d(/\\d{4}-\\d\\d-\\d\\d)?$' },
    minItems: 1,
    maxItems: MAX_DATES_A_SCHEDULE,
  },
  from: { type: 'string', pattern: `^${TIME}$`, description: 'On the local clock; absent: 00:00.' },
  to: {
    type: 'string',
    pattern: `^(${TIME}|24:00)$`,
    description: 'Absent: 24:00. Earlier than `from`: on the day after.',
  },
  max: maxSchema,
} as const;
