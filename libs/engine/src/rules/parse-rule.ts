import {
  type InputError,
  type Limit,
  MAX_LIMITS_A_RULE,
  ON_DENY_BOUNDS,
  type OnDeny,
  QuotaError,
  said,
  type Rule,
  type Schedule,
  type Tiers,
  type WindowSpec,
} from '@sundial/contract';
import { canonicalTimeZone } from '../windows/time-zone.js';
import { errorsIn, fill } from './definition-errors.js';
import { isDeeperThan, isPlainObject, jsonFault, show } from './plain-json.js';
import { LimitDefinition, OnDenyDefinition, RuleDefinition } from './rule-definition.js';
import { scheduleErrors } from './schedule-definition.js';
import { tierErrors } from './tier-definition.js';
import { windowErrors } from './window-definition.js';

/**
 * Makes a rule of any input, or says everything that is wrong with it.
 * @throws QuotaError `invalid-rule` with one entry for each error: a dotted path (`limits.0.max`) and a sentence.
 */
export function parseRule(input: unknown): Rule {
  const errors = validationErrorsInRule(input);
  if (errors.length > 0) throw QuotaError.invalid('invalid-rule', errors);
  return ruleOf(fill(RuleDefinition, input as Record<string, unknown>));
}

/**
 * Changes a rule by a JSON merge patch (RFC 7396): a field set to null returns to its default, lists are replaced as a
 * whole. The id stays; a patch that names another is an error.
 * @throws QuotaError `invalid-rule` as `parseRule` does, for the rule that would come out.
 */
export function patchRule(rule: Rule, patch: unknown): Rule {
  if (isDeeperThan(patch, PATCH_DEPTH)) {
    throw QuotaError.invalid('invalid-rule', [{ path: '', ...said('too-deep', { levels: PATCH_DEPTH }) }]);
  }
  const merged = mergePatch(rule, patch);
  if (isPlainObject(merged) && merged['id'] !== rule.id) {
    const fault = said('id-changed', { id: show(rule.id) });
    const others = validationErrorsInRule({ ...merged, id: rule.id });
    throw QuotaError.invalid('invalid-rule', [{ path: 'id', ...fault }, ...others]);
  }
  return parseRule(merged);
}

/** The `onWarn` of a limit lies deepest. */
const PATCH_DEPTH = ON_DENY_BOUNDS.depth + 3;

function validationErrorsInRule(input: unknown): InputError[] {
  const errors = errorsIn(RuleDefinition, input, '', 'a rule');
  if (!isPlainObject(input)) return errors;
  const limits = Array.isArray(input['limits']) ? input['limits'].slice(0, MAX_LIMITS_A_RULE) : [];
  for (const [index, limit] of limits.entries()) {
    const at = `limits.${index}`;
    errors.push(...errorsIn(LimitDefinition, limit, at, 'a limit'));
    if (!isPlainObject(limit)) continue;
    const { window, when, onWarn } = limit;
    errors.push(...windowErrors(window, `${at}.window`), ...scheduleErrors(when, `${at}.when`));
    if (isPlainObject(window))
      errors.push(...dayCountedBy(window['startsOn'], input['per'], `${at}.window.startsOn`));
    if (onWarn !== undefined) errors.push(...errorsIn(OnDenyDefinition, onWarn, `${at}.onWarn`, 'onWarn'));
  }
  errors.push(...tierErrors(input['tiers'], { per: input['per'], limits }));
  if (input['onDeny'] !== undefined) {
    errors.push(...errorsIn(OnDenyDefinition, input['onDeny'], 'onDeny', 'onDeny'));
  }
  return errors;
}

/** Each billing day would have a counter of its own, and so a whole allowance. */
function dayCountedBy(startsOn: unknown, per: unknown, path: string): InputError[] {
  if (!isPlainObject(startsOn) || !Array.isArray(per) || !per.includes(startsOn['by'])) return [];
  return [{ path, ...said('own-day-counted', { by: show(startsOn['by']) }) }];
}

/** What is wrong with an `onDeny` that stands in something else than a rule. */
export function validationErrorsInOnDeny(onDeny: unknown): readonly InputError[] {
  const fault = jsonFault(onDeny, ON_DENY_BOUNDS);
  if (fault !== undefined) return [{ path: 'onDeny', ...fault }];
  return errorsIn(OnDenyDefinition, onDeny, 'onDeny', 'onDeny');
}

function ruleOf({ description, tiers, onDeny, ...definition }: RuleDefinition): Rule {
  return {
    id: definition.id,
    resource: definition.resource,
    per: [...definition.per],
    timeZone: canonicalZone(definition.timeZone),
    ...(definition.strictZone !== undefined && { strictZone: definition.strictZone }),
    limits: definition.limits.map(limitOf),
    ...(tiers !== undefined && { tiers: tiersOf(tiers) }),
    mode: definition.mode,
    degrade: definition.degrade,
    ...(description !== undefined && { description }),
    ...(onDeny !== undefined && { onDeny: plainCopy(onDeny) as OnDeny }),
  };
}

function limitOf(definition: LimitDefinition): Limit {
  const { when, soft, onWarn, thresholds } = definition;
  return {
    ...namedLimit(definition),
    ...(when !== undefined && { when: plainCopy(when) as Schedule[] }),
    ...(soft === true && { soft }),
    ...(onWarn !== undefined && { onWarn: plainCopy(onWarn) as OnDeny }),
    ...(thresholds !== undefined && { thresholds: [...thresholds] }),
  };
}

function tiersOf({ by, max }: Tiers): Tiers {
  const tiers = Object.entries(max).map(([tier, limits]) => [tier, limits.map(namedLimit)]);
  return { by, max: Object.fromEntries(tiers) as Tiers['max'] };
}

function namedLimit({ window, meter, max }: Pick<LimitDefinition, 'window' | 'meter' | 'max'>): Limit {
  return { window: copyOf(window), ...(meter !== undefined && { meter }), max };
}

function plainCopy(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function canonicalZone(timeZone: Rule['timeZone']): Rule['timeZone'] {
  if (typeof timeZone === 'string') return canonicalTimeZone(timeZone) ?? timeZone;
  return { by: timeZone.by, default: canonicalTimeZone(timeZone.default) ?? timeZone.default };
}

/** A window as it was written: states repeat it so. */
function copyOf(window: Limit['window']): Limit['window'] {
  if (typeof window === 'string') return window;
  const given = Object.entries(window).filter(([, value]) => value !== undefined);
  const copy = given.map(([name, value]) => [name, isPlainObject(value) ? { ...value } : value]);
  return Object.fromEntries(copy) as unknown as WindowSpec;
}

/** RFC 7396, section 2, on values whose depth is known to be bounded. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch;
  const merged = new Map(isPlainObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
