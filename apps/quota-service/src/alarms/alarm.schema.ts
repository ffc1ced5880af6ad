import { PATTERN_KINDS } from './patterns/alarm-pattern.js';

export const alarmKindSchema = {
  title: 'AlarmKind',
  type: 'string',
  enum: Object.keys(PATTERN_KINDS),
} as const;

export const alarmClassSchema = {
  title: 'AlarmClass',
  type: 'string',
  enum: ['alarm', 'attention'],
  description: '`alarm`: act now. `attention`: look in working hours.',
} as const;

export const alarmChannelSchema = {
  title: 'AlarmChannel',
  type: ['object', 'null'],
  description: 'What it is about; null: the whole node.',
  properties: { resource: { type: 'string' }, dependency: { type: 'string' } },
  required: ['resource', 'dependency'],
  additionalProperties: false,
} as const;

export const alarmTermsSchema = {
  title: 'AlarmTerms',
  type: 'object',
  description: 'The numbers and words of its pattern, which `summary` names.',
  additionalProperties: { anyOf: [{ type: 'number' }, { type: 'string' }] },
} as const;

const alarmSchema = {
  title: 'Alarm',
  type: 'object',
  properties: {
    id: {
      type: 'string',
      description: 'Of this incident: the same when it is raised and when it is cleared.',
    },
    pattern: { type: 'string', description: 'The id of the pattern in the alarms file.' },
    kind: alarmKindSchema,
    class: alarmClassSchema,
    channel: alarmChannelSchema,
    scope: {
      title: 'AlarmScope',
      type: 'string',
      enum: ['all nodes'],
      description: 'Judged over what all nodes saw together; absent: over what this node saw.',
    },
    summary: { type: 'string' },
    terms: alarmTermsSchema,
    evidence: {
      type: 'object',
      description: 'What was seen when it was raised.',
      additionalProperties: {
        anyOf: [{ type: 'number' }, { type: 'string' }, { type: 'array', items: { type: 'string' } }],
      },
    },
    raisedAt: { type: 'string', format: 'date-time', description: "By this node's clock." },
    clearedAt: { type: ['string', 'null'], format: 'date-time', description: 'Null: it is active.' },
  },
  required: [
    ...['id', 'pattern', 'kind', 'class', 'channel', 'summary', 'terms', 'evidence', 'raisedAt', 'clearedAt'],
  ],
  additionalProperties: false,
} as const;

export const alarmListSchema = {
  type: 'object',
  properties: {
    active: { type: 'array', description: 'In the order they were raised.', items: alarmSchema },
    over: { type: 'array', description: 'The last 100 that are over, the latest first.', items: alarmSchema },
  },
  required: ['active', 'over'],
  additionalProperties: false,
} as const;
