import { IsIn, IsInt, IsObject, Length, Matches, Max, MaxLength, Min } from 'class-validator';
import {
  DEGRADE_POLICIES,
  type DegradePolicy,
  type Limit,
  RULE_MODES,
  type RuleMode,
  ATTRIBUTE_PATTERN,
  MAX_ATTRIBUTES,
  MAX_DESCRIPTION_LENGTH,
  MAX_LIMITS_A_RULE,
  MAX_UNITS,
  NAME_PATTERN,
  ON_DENY_BOUNDS,
  UNITS_METER,
  type WindowSpec,
  type WindowUnit,
} from '@sundial/contract';
import { canonicalTimeZone } from '../windows/time-zone.js';
import { windowText } from '../windows/window-text.js';
import { Judged, messageFor, Nullable, Optional, says } from './field-decorators.js';
import { isPlainObject, jsonMessage, show } from './plain-json.js';
import { windowMessage } from './window-definition.js';

const NAME =
  'must be 1 to 128 letters, digits, ".", "_", ":" or "-", of which the first is a letter or a digit';
const ATTRIBUTE =
  'must name attributes like "user": 1 to 32 letters, digits, "_" or "-", of which the first is a small letter, and not "resource"';
const WHOLE_NUMBER = says(`must be a whole number from 0 to ${MAX_UNITS}, or null for no limit`);

/** One entry of a rule's `limits`. */
export class LimitDefinition {
  @Judged(windowMessage)
  window!: Limit['window'];

  @Optional()
  @Judged(meterMessage)
  meter?: string;

  @Nullable()
  @IsInt(WHOLE_NUMBER)
  @Min(0, WHOLE_NUMBER)
  @Max(MAX_UNITS, WHOLE_NUMBER)
  max!: number | null;
}

/** A rule's `onDeny`. `params` is the caller's own JSON, handed through untouched. */
export class OnDenyDefinition {
  @Length(
    1,
    ON_DENY_BOUNDS.codeLength,
    says(`must be a text of 1 to ${ON_DENY_BOUNDS.codeLength} characters`),
  )
  code!: string;

  @Optional()
  @MaxLength(
    ON_DENY_BOUNDS.messageLength,
    says(`must be a text of at most ${ON_DENY_BOUNDS.messageLength} characters`),
  )
  message?: string;

  @Optional()
  @MaxLength(
    ON_DENY_BOUNDS.actionLength,
    says(`must be a text of at most ${ON_DENY_BOUNDS.actionLength} characters`),
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

  @Judged(attributesMessage)
  per!: string[];

  @Judged(timeZoneMessage)
  timeZone: string = 'UTC';

  @Judged(limitsMessage)
  limits!: LimitDefinition[];

  @IsIn(RULE_MODES, says(`must be one of ${RULE_MODES.join(', ')}`))
  mode: RuleMode = 'enforce';

  @IsIn(DEGRADE_POLICIES, says(`must be one of ${DEGRADE_POLICIES.join(', ')}`))
  degrade: DegradePolicy = 'local';

  @Optional()
  @MaxLength(MAX_DESCRIPTION_LENGTH, says(`must be a text of at most ${MAX_DESCRIPTION_LENGTH} characters`))
  description?: string;

  @Optional()
  @Judged((value) => jsonMessage(value, ON_DENY_BOUNDS))
  onDeny?: OnDenyDefinition;
}

function attributesMessage(value: unknown): string | undefined {
  if (!Array.isArray(value)) {
    const requirement =
      'must be a list of attribute names such as ["user"], or [] for one counter that all share';
    return messageFor(requirement, value);
  }
  if (value.length > MAX_ATTRIBUTES) {
    return `must name at most ${MAX_ATTRIBUTES} attributes, not ${value.length}`;
  }
  const odd = value.filter((name) => typeof name !== 'string' || !ATTRIBUTE_PATTERN.test(name));
  const twice = value.filter((name, index) => !odd.includes(name) && value.indexOf(name) !== index);
  const messages = [
    ...(odd.length > 0 ? [`${ATTRIBUTE}; ${odd.map(show).join(', ')} cannot be one`] : []),
    ...(twice.length > 0
      ? [`must name every attribute once; ${twice.map(show).join(', ')} is repeated`]
      : []),
  ];
  return messages.length > 0 ? messages.join('; ') : undefined;
}

function limitsMessage(value: unknown): string | undefined {
  if (!Array.isArray(value))
    return messageFor('must be a list such as [{ "window": "day", "max": 10 }]', value);
  if (value.length < 1 || value.length > MAX_LIMITS_A_RULE) {
    return `must hold 1 to ${MAX_LIMITS_A_RULE} limits, not ${value.length}`;
  }
  const names = value.map(limitName);
  const twice = names.find((name, index) => name !== undefined && names.indexOf(name) !== index);
  return twice === undefined
    ? undefined
    : `must hold one limit a window and meter; ${twice} has more than one`;
}

/** What tells a limit from the others of its rule, as a sentence says it; undefined where it has no window or no meter. */
function limitName(limit: unknown): string | undefined {
  if (!isPlainObject(limit)) return undefined;
  const { window, meter = UNITS_METER } = limit;
  if (typeof meter !== 'string' || !isWindowLike(window)) return undefined;
  const text = show(windowText(window));
  return meter === UNITS_METER ? text : `${text} of ${show(meter)}`;
}

/** Whether it has a text: it may still be wrong. */
function isWindowLike(value: unknown): value is WindowUnit | WindowSpec {
  if (!isPlainObject(value)) return typeof value === 'string';
  const parts = Object.values(value);
  return (
    typeof value['unit'] === 'string' && parts.every((part) => ['string', 'number'].includes(typeof part))
  );
}

function meterMessage(value: unknown, { window }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof value !== 'string' || !NAME_PATTERN.test(value)) return messageFor(NAME, value);
  const unit = isPlainObject(window) ? window['unit'] : window;
  if (unit !== 'concurrent' || value === UNITS_METER) return undefined;
  return messageFor(
    `must be "${UNITS_METER}" where the window is "concurrent", which counts operations that run at once`,
    value,
  );
}

function timeZoneMessage(value: unknown): string | undefined {
  if (typeof value === 'string' && canonicalTimeZone(value) !== undefined) return undefined;
  return messageFor('must be an IANA time zone such as Asia/Shanghai or UTC', value);
}
