import { IsBoolean, IsIn, IsObject, Length, Matches, MaxLength } from 'class-validator';
import {
  DEGRADE_POLICIES,
  type DegradePolicy,
  type InputFault,
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
  said,
  type Schedule,
  type Tiers,
} from '@sundial/contract';
import { canonicalTimeZone } from '../windows/time-zone.js';
import { limitName } from './limit-name.js';
import { meterFault } from './meter-fault.js';
import { faultOf, Judged, Optional, says, Units } from './field-decorators.js';
import { ownValueFault } from './own-value.js';
import { isPlainObject, jsonFault, show } from './plain-json.js';
import { schedulesFault } from './schedule-definition.js';
import { thresholdsFault } from './threshold-definition.js';
import { tiersFault } from './tier-definition.js';
import { windowFault } from './window-definition.js';

/** A rule's `onDeny`. `params` is the caller's own JSON, handed through untouched. */
export class OnDenyDefinition {
  @Length(1, ON_DENY_BOUNDS.codeLength, says(said('text-length', { from: 1, to: ON_DENY_BOUNDS.codeLength })))
  code!: string;

  @Optional()
  @MaxLength(ON_DENY_BOUNDS.messageLength, says(said('text-too-long', { to: ON_DENY_BOUNDS.messageLength })))
  message?: string;

  @Optional()
  @MaxLength(ON_DENY_BOUNDS.actionLength, says(said('text-too-long', { to: ON_DENY_BOUNDS.actionLength })))
  action?: string;

  @Optional()
  @IsObject(says(said('object')))
  params?: Record<string, unknown>;
}

/** One entry of a rule's `limits`. */
export class LimitDefinition {
  @Judged(windowFault)
  window!: Limit['window'];

  @Optional()
  @Judged(meterFault)
  meter?: string;

  @Units()
  max!: number | null;

  @Optional()
  @Judged(schedulesFault)
  when?: Schedule[];

  @Optional()
  @IsBoolean(says(said('true-or-false')))
  soft?: boolean;

  @Optional()
  @Judged((value, { soft }) => (soft === true ? jsonFault(value, ON_DENY_BOUNDS) : said('not-soft')))
  onWarn?: OnDenyDefinition;

  @Optional()
  @Judged(thresholdsFault)
  thresholds?: number[];
}

/**
 * The shape of a rule as people write it, in YAML and in the admin API: the one place that says which fields there are,
 * what each may hold, and what a missing one means. `parseRule` reads it; the service describes it in OpenAPI.
 */
export class RuleDefinition {
  @Matches(NAME_PATTERN, says(said('name')))
  id!: string;

  @Matches(NAME_PATTERN, says(said('name')))
  resource!: string;

  @Judged(attributesFault)
  per!: string[];

  @Judged(timeZoneFault)
  timeZone: string | OwnValue<string> = 'UTC';

  @Optional()
  @IsBoolean(says(said('true-or-false')))
  strictZone?: boolean;

  @Judged(limitsFault)
  limits!: LimitDefinition[];

  @Optional()
  @Judged(tiersFault)
  tiers?: Tiers;

  @IsIn(RULE_MODES, says(said('one-of', { values: RULE_MODES.join(', ') })))
  mode: RuleMode = 'enforce';

  @IsIn(DEGRADE_POLICIES, says(said('one-of', { values: DEGRADE_POLICIES.join(', ') })))
  degrade: DegradePolicy = 'local';

  @Optional()
  @MaxLength(MAX_DESCRIPTION_LENGTH, says(said('text-too-long', { to: MAX_DESCRIPTION_LENGTH })))
  description?: string;

  @Optional()
  @Judged((value) => jsonFault(value, ON_DENY_BOUNDS))
  onDeny?: OnDenyDefinition;
}

function attributesFault(value: unknown): InputFault | undefined {
  if (!Array.isArray(value)) return faultOf(said('per-list'), value);
  if (value.length > MAX_ATTRIBUTES) return said('per-too-long', { to: MAX_ATTRIBUTES, count: value.length });
  const odd = value.filter((name) => typeof name !== 'string' || !ATTRIBUTE_PATTERN.test(name));
  const twice = value.filter((name, index) => !odd.includes(name) && value.indexOf(name) !== index);
  const [names, repeated] = [odd.map(show).join(', '), twice.map(show).join(', ')];
  if (odd.length > 0 && twice.length > 0) return said('per-names-twice', { names, twice: repeated });
  if (odd.length > 0) return said('per-names', { names });
  return twice.length > 0 ? said('per-twice', { twice: repeated }) : undefined;
}

function limitsFault(value: unknown): InputFault | undefined {
  if (!Array.isArray(value))
    return faultOf(said('list-such-as', { example: '[{ "window": "day", "max": 10 }]' }), value);
  if (value.length < 1 || value.length > MAX_LIMITS_A_RULE)
    return said('list-length', { from: 1, to: MAX_LIMITS_A_RULE, what: 'limits', count: value.length });
  const names = value.map(limitName);
  const twice = names.find((name, index) => name !== undefined && names.indexOf(name) !== index);
  return twice === undefined ? undefined : said('limit-twice', { limit: twice });
}

function timeZoneFault(value: unknown, around: Readonly<Record<string, unknown>>): InputFault | undefined {
  if (isPlainObject(value))
    return ownValueFault(value, said('own-zone'), isZone) ?? countedByFault(value['by'], around);
  return isZone(value) ? undefined : faultOf(said('time-zone-of-rule'), value);
}

function isZone(value: unknown): boolean {
  return typeof value === 'string' && canonicalTimeZone(value) !== undefined;
}

/** Each value would have a counter of its own, and so a whole allowance. */
function countedByFault(by: unknown, { per }: Readonly<Record<string, unknown>>): InputFault | undefined {
  return Array.isArray(per) && per.includes(by) ? said('own-zone-counted', { by: show(by) }) : undefined;
}
