import { IsBoolean, IsIn, IsObject, Length, Matches, MaxLength } from 'class-validator';
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
  NAME_PATTERN,
  ON_DENY_BOUNDS,
  type OwnValue,
  type Schedule,
  type Tiers,
} from '@sundial/contract';
import { canonicalTimeZone } from '../windows/time-zone.js';
import { limitName } from './limit-name.js';
import { meterMessage, NAME_REQUIREMENT } from './meter-message.js';
import { Judged, messageFor, Optional, says, Units } from './field-decorators.js';
import { ownValueMessage } from './own-value.js';
import { isPlainObject, jsonMessage, show } from './plain-json.js';
import { schedulesMessage } from './schedule-definition.js';
import { thresholdsMessage } from './threshold-definition.js';
import { tiersMessage } from './tier-definition.js';
import { windowMessage } from './window-definition.js';

const ATTRIBUTE =
  'must name attributes like "user": 1 to 32 letters, digits, "_" or "-", of which the first is a small letter, and not "resource"';

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

const NOT_SOFT =
  'goes with "soft": true, since only a soft limit warns; a limit that refuses has the onDeny of its rule';

/** One entry of a rule's `limits`. */
export class LimitDefinition {
  @Judged(windowMessage)
  window!: Limit['window'];

  @Optional()
  @Judged(meterMessage)
  meter?: string;

  @Units()
  max!: number | null;

  @Optional()
  @Judged(schedulesMessage)
  when?: Schedule[];

  @Optional()
  @IsBoolean(says('must be true or false'))
  soft?: boolean;

  @Optional()
  @Judged((value, { soft }) => (soft === true ? jsonMessage(value, ON_DENY_BOUNDS) : NOT_SOFT))
  onWarn?: OnDenyDefinition;

  @Optional()
  @Judged(thresholdsMessage)
  thresholds?: number[];
}

/**
 * The shape of a rule as people write it, in YAML and in the admin API: the one place that says which fields there are,
 * what each may hold, and what a missing one means. `parseRule` reads it; the service describes it in OpenAPI.
 */
export class RuleDefinition {
  @Matches(NAME_PATTERN, says(NAME_REQUIREMENT))
  id!: string;

  @Matches(NAME_PATTERN, says(NAME_REQUIREMENT))
  resource!: string;

  @Judged(attributesMessage)
  per!: string[];

  @Judged(timeZoneMessage)
  timeZone: string | OwnValue<string> = 'UTC';

  @Optional()
  @IsBoolean(says('must be true or false'))
  strictZone?: boolean;

  @Judged(limitsMessage)
  limits!: LimitDefinition[];

  @Optional()
  @Judged(tiersMessage)
  tiers?: Tiers;

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

function timeZoneMessage(value: unknown, around: Readonly<Record<string, unknown>>): string | undefined {
  if (isPlainObject(value)) {
    const message = ownValueMessage(value, 'the default time zone', (zone) => timeZoneMessage(zone, around));
    if (message !== undefined) return message;
    return countedByMessage(value['by'], around);
  }
  if (typeof value === 'string' && canonicalTimeZone(value) !== undefined) return undefined;
  return messageFor(
    'must be an IANA time zone such as Asia/Shanghai or UTC, or an object such as { "by": "tz", "default": "UTC" }',
    value,
  );
}

/** Each value would have a counter of its own, and so a whole allowance. */
function countedByMessage(by: unknown, { per }: Readonly<Record<string, unknown>>): string | undefined {
  return Array.isArray(per) && per.includes(by)
    ? `must not name an attribute of per: ${show(by)} would give each zone counters of its own`
    : undefined;
}
