import {
  IsIn,
  IsInt,
  IsObject,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import type { DegradePolicy } from '../quota.js';
import { canonicalTimeZone } from '../windows/time-zone.js';
import { isPlainObject, jsonComplaint, show } from './plain-json.js';
import { DEGRADE_POLICIES, RULE_MODES, WINDOW_UNITS, type RuleMode, type WindowUnit } from './rule.js';

/** What a rule id and a resource look like. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
/** What an attribute's name looks like; `resource` is not one. */
export const ATTRIBUTE_PATTERN = /^[a-z][A-Za-z0-9_-]{0,31}$/;

export const RULE_BOUNDS = {
  attributes: 8,
  limits: 6,
  max: Number.MAX_SAFE_INTEGER,
  descriptionLength: 1_024,
  codeLength: 128,
  messageLength: 1_024,
  actionLength: 128,
  /** Of the whole `onDeny` as JSON. */
  onDenyBytes: 4_096,
  onDenyDepth: 8,
} as const;

const NAME =
  'must be 1 to 128 letters, digits, ".", "_", ":" or "-", of which the first is a letter or a digit';
const ATTRIBUTE =
  'must name attributes like "user": 1 to 32 letters, digits, "_" or "-", of which the first is a small letter, and not "resource"';
const WHOLE_NUMBER = says(`must be a whole number from 0 to ${RULE_BOUNDS.max}`);

/** One entry of a rule's `limits`. */
export class LimitDefinition {
  @IsIn(WINDOW_UNITS, says(`must be one of ${WINDOW_UNITS.join(', ')}`))
  window!: WindowUnit;

  @IsInt(WHOLE_NUMBER)
  @Min(0, WHOLE_NUMBER)
  @Max(RULE_BOUNDS.max, WHOLE_NUMBER)
  max!: number;
}

/** A rule's `onDeny`. `params` is the caller's own JSON, handed through untouched. */
export class OnDenyDefinition {
  @Length(1, RULE_BOUNDS.codeLength, says(`must be a text of 1 to ${RULE_BOUNDS.codeLength} characters`))
  code!: string;

  @Optional()
  @MaxLength(
    RULE_BOUNDS.messageLength,
    says(`must be a text of at most ${RULE_BOUNDS.messageLength} characters`),
  )
  message?: string;

  @Optional()
  @MaxLength(
    RULE_BOUNDS.actionLength,
    says(`must be a text of at most ${RULE_BOUNDS.actionLength} characters`),
  )
  action?: string;

  @Optional()
  @IsObject(says('must be an object'))
  params?: Record<string, unknown>;
}

/**
 * The shape of a rule as people write it, in YAML and in the admin API: the one place that says which fields there are,
 * what each may hold, and what a missing one means. `parseRule` reads it; the service describes it in OpenAPI.
 */
export class RuleDefinition {
  @Matches(NAME_PATTERN, says(NAME))
  id!: string;

  @Matches(NAME_PATTERN, says(NAME))
  resource!: string;

  @Judged(attributesComplaint)
  per!: string[];

  @Judged(timeZoneComplaint)
  timeZone: string = 'UTC';

  @Judged(limitsComplaint)
  limits!: LimitDefinition[];

  @IsIn(RULE_MODES, says(`must be one of ${RULE_MODES.join(', ')}`))
  mode: RuleMode = 'enforce';

  @IsIn(DEGRADE_POLICIES, says(`must be one of ${DEGRADE_POLICIES.join(', ')}`))
  degrade: DegradePolicy = 'local';

  @Optional()
  @MaxLength(
    RULE_BOUNDS.descriptionLength,
    says(`must be a text of at most ${RULE_BOUNDS.descriptionLength} characters`),
  )
  description?: string;

  @Optional()
  @Judged((value) => jsonComplaint(value, { bytes: RULE_BOUNDS.onDenyBytes, depth: RULE_BOUNDS.onDenyDepth }))
  onDeny?: OnDenyDefinition;
}

function attributesComplaint(value: unknown): string | undefined {
  if (!Array.isArray(value)) {
    const requirement =
      'must be a list of attribute names such as ["user"], or [] for one counter that all share';
    return complain(requirement, value);
  }
  if (value.length > RULE_BOUNDS.attributes) {
    return `must name at most ${RULE_BOUNDS.attributes} attributes, not ${value.length}`;
  }
  const odd = value.filter(
    (name) => typeof name !== 'string' || !ATTRIBUTE_PATTERN.test(name) || name === 'resource',
  );
  const twice = value.filter((name, index) => !odd.includes(name) && value.indexOf(name) !== index);
  const complaints = [
    ...(odd.length > 0 ? [`${ATTRIBUTE}; ${odd.map(show).join(', ')} cannot be one`] : []),
    ...(twice.length > 0
      ? [`must name every attribute once; ${twice.map(show).join(', ')} is repeated`]
      : []),
  ];
  return complaints.length > 0 ? complaints.join('; ') : undefined;
}

function limitsComplaint(value: unknown): string | undefined {
  if (!Array.isArray(value))
    return complain('must be a list such as [{ "window": "day", "max": 10 }]', value);
  if (value.length < 1 || value.length > RULE_BOUNDS.limits) {
    return `must hold 1 to ${RULE_BOUNDS.limits} limits, not ${value.length}`;
  }
  const windows = value.filter(isPlainObject).map((limit) => limit['window']);
  const twice = windows.find((unit, index) => unit !== undefined && windows.indexOf(unit) !== index);
  return twice === undefined ? undefined : `must hold one limit a window; ${show(twice)} has more than one`;
}

function timeZoneComplaint(value: unknown): string | undefined {
  if (typeof value === 'string' && canonicalTimeZone(value) !== undefined) return undefined;
  return complain('must be an IANA time zone such as Asia/Shanghai or UTC', value);
}

function complain(requirement: string, value: unknown): string {
  return value === undefined ? `is missing; it ${requirement}` : `${requirement}, not ${show(value)}`;
}

function says(requirement: string): { message: (args: { value: unknown }) => string } {
  return { message: ({ value }) => complain(requirement, value) };
}

/** A field that may be absent. Unlike class-validator's `IsOptional`, null is not absent. */
function Optional(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

/** A check whose sentence depends on what is wrong: `judge` says it, or nothing when the value is good. */
function Judged(judge: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name: 'judged',
    validator: {
      validate: (value) => judge(value) === undefined,
      defaultMessage: (args) => judge(args?.value) ?? '',
    },
  });
}
