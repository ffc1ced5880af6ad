import {
  ATTRIBUTE_PATTERN,
  MAX_ATTRIBUTES,
  MAX_DESCRIPTION_LENGTH,
  MAX_LIMITS_A_RULE,
  MAX_RULES,
  MAX_RULES_PER_PAGE,
  MAX_SCHEDULES_A_LIMIT,
  MAX_THRESHOLD,
  MAX_THRESHOLDS_A_LIMIT,
  MAX_TIERS_A_RULE,
  NAME_PATTERN,
} from '../bounds.js';
import { RULE_MODES } from '../rule.js';
import { COUNTER_PARTS } from '../rule-written.js';
import { degradePolicySchema, onDenySchema } from './decision.schema.js';
import { maxSchema, meterSchema, ownValueSchema, scheduleProperties, windowSchema } from './limit.schema.js';

const name = { type: 'string', pattern: NAME_PATTERN.source } as const;

const properties = {
  id: name,
  resource: name,
  per: {
    type: 'array',
    description: 'The attributes counted by, in any order; none: one counter that all share.',
    items: { type: 'string', pattern: ATTRIBUTE_PATTERN.source },
    maxItems: MAX_ATTRIBUTES,
    uniqueItems: true,
  },
  timeZone: {
    anyOf: [{ type: 'string' }, ownValueSchema('OwnTimeZone', { type: 'string' })],
    description: "IANA name, or the attribute that gives the subject's own.",
    default: 'UTC',
  },
  strictZone: {
    type: 'boolean',
    description: 'Refuse checks whose subject gives a time zone that does not exist. Default: warn.',
  },
  limits: {
    type: 'array',
    description: 'No two of one window and meter.',
    minItems: 1,
    maxItems: MAX_LIMITS_A_RULE,
    items: {
      title: 'RuleLimit',
      type: 'object',
      properties: {
        window: windowSchema,
        meter: meterSchema,
        max: maxSchema,
        when: {
          type: 'array',
          description: 'Another max at certain times; entries with dates beat those without.',
          items: {
            title: 'Schedule',
            type: 'object',
            properties: scheduleProperties,
            required: ['max'],
            additionalProperties: false,
          },
          minItems: 1,
          maxItems: MAX_SCHEDULES_A_LIMIT,
        },
        soft: { type: 'boolean', description: 'It never refuses: decisions have a warning instead.' },
        onWarn: onDenySchema,
        thresholds: {
          type: 'array',
          description:
            'Shares of `max` in ascending order; when so much of it is used an event is sent, once a window. Not of a `concurrent` limit.',
          items: { type: 'number', exclusiveMinimum: 0, maximum: MAX_THRESHOLD },
          minItems: 1,
          maxItems: MAX_THRESHOLDS_A_LIMIT,
          uniqueItems: true,
        },
      },
      required: ['window', 'max'],
      additionalProperties: false,
    },
  },
  tiers: {
    title: 'Tiers',
    type: 'object',
    description:
      'Another max for callers whose attribute has a certain value; what was counted stays counted.',
    properties: {
      by: {
        type: 'string',
        pattern: ATTRIBUTE_PATTERN.source,
        description: 'An attribute that is not in `per`.',
      },
      max: {
        type: 'object',
        description: "By the attribute's value. Limits that a tier does not name keep their own max.",
        propertyNames: { pattern: NAME_PATTERN.source },
        minProperties: 1,
        maxProperties: MAX_TIERS_A_RULE,
        additionalProperties: {
          type: 'array',
          minItems: 1,
          maxItems: MAX_LIMITS_A_RULE,
          items: {
            title: 'TierLimit',
            type: 'object',
            properties: { window: windowSchema, meter: meterSchema, max: maxSchema },
            required: ['window', 'max'],
            additionalProperties: false,
          },
        },
      },
    },
    required: ['by', 'max'],
    additionalProperties: false,
  },
  mode: {
    title: 'RuleMode',
    type: 'string',
    enum: RULE_MODES,
    default: 'enforce',
    description: '`observe` counts and never denies; `off` is not looked at.',
  },
  degrade: { ...degradePolicySchema, title: 'RuleDegradePolicy', default: 'local' },
  description: { type: 'string', maxLength: MAX_DESCRIPTION_LENGTH },
  onDeny: onDenySchema,
} as const;

export const ruleSchema = {
  title: 'Rule',
  type: 'object',
  properties,
  required: ['id', 'resource', 'per', 'limits'],
  additionalProperties: false,
} as const;

/** A JSON merge patch (RFC 7396): null takes a field back to its default, lists are replaced as a whole. */
export const rulePatchSchema = {
  type: 'object',
  description:
    'A JSON merge patch (RFC 7396): null takes a field back to its default, lists are replaced as a whole.',
  properties: Object.fromEntries(
    Object.entries(properties).map(([field, schema]) => [field, nullable(schema)]),
  ),
  additionalProperties: false,
} as const;

export const ruleListSchema = {
  type: 'object',
  properties: {
    rules: { type: 'array', items: ruleSchema, maxItems: MAX_RULES_PER_PAGE },
    version: { type: 'integer', minimum: 0, description: 'Of all rules, when this page was made.' },
    next: { type: 'string', description: 'The cursor of the next page; absent on the last one.' },
  },
  required: ['rules', 'version'],
  additionalProperties: false,
} as const;

export const ruleSetSchema = {
  type: 'object',
  properties: {
    rules: { type: 'array', description: 'No two of one id.', items: ruleSchema, maxItems: MAX_RULES },
  },
  required: ['rules'],
  additionalProperties: false,
} as const;

const nodes = {
  title: 'AppliedNodes',
  type: 'object',
  description: 'How many nodes live, and how many of them had put this version in force within 2 s.',
  properties: { live: { type: 'integer' }, applied: { type: 'integer' } },
  required: ['live', 'applied'],
  additionalProperties: false,
} as const;
const ids = { type: 'array', items: name } as const;

const countersRestartSchema = {
  title: 'CountersRestart',
  type: 'object',
  description:
    'Under this rule the limits of these windows begin at 0: what is changed names other counters.',
  properties: {
    kind: { type: 'string', const: 'counters-restart' },
    rule: name,
    windows: { type: 'array', items: windowSchema },
    meter: { type: 'string', description: 'The meter of these limits; absent: units.' },
    changed: { type: 'array', items: { title: 'CounterPart', type: 'string', enum: COUNTER_PARTS } },
  },
  required: ['kind', 'rule', 'windows', 'changed'],
  additionalProperties: false,
} as const;

const callersNeedAttributeSchema = {
  title: 'CallersNeedAttribute',
  type: 'object',
  description: 'Requests for this resource whose subject lacks this attribute are refused from now on.',
  properties: {
    kind: { type: 'string', const: 'callers-need-attribute' },
    rule: name,
    resource: name,
    attribute: { type: 'string', pattern: ATTRIBUTE_PATTERN.source },
  },
  required: ['kind', 'rule', 'resource', 'attribute'],
  additionalProperties: false,
} as const;

export const ruleEffectSchema = { anyOf: [countersRestartSchema, callersNeedAttributeSchema] } as const;

const effects = {
  type: 'array',
  description: 'What the change does to counters and callers; absent where it does nothing of the kind.',
  items: ruleEffectSchema,
} as const;

export const ruleSetWrittenSchema = {
  type: 'object',
  properties: {
    created: ids,
    changed: ids,
    removed: ids,
    version: {
      type: 'integer',
      minimum: 0,
      description: 'Of all rules, with this set; on a dry run, before it.',
    },
    nodes,
    effects,
  },
  required: ['created', 'changed', 'removed', 'version'],
  additionalProperties: false,
} as const;

export const ruleWrittenSchema = {
  type: 'object',
  properties: {
    rule: ruleSchema,
    version: {
      type: 'integer',
      minimum: 0,
      description: 'Of all rules, with this change; on a dry run, before it.',
    },
    nodes,
    effects,
  },
  required: ['rule', 'version'],
  additionalProperties: false,
} as const;

function nullable(schema: object): object {
  return { anyOf: [schema, { type: 'null' }] };
}
