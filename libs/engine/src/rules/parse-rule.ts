import { getMetadataStorage, validateSync } from 'class-validator';
import {
  firstErrors,
  type InputError,
  type Limit,
  MAX_LIMITS_A_RULE,
  ON_DENY_BOUNDS,
  type OnDeny,
  QuotaError,
  type Rule,
  type WindowSpec,
} from '@sundial/contract';
import { canonicalTimeZone } from '../windows/time-zone.js';
import { isDeeperThan, isPlainObject, jsonMessage, show } from './plain-json.js';
import { LimitDefinition, OnDenyDefinition, RuleDefinition } from './rule-definition.js';
import { WindowDefinition } from './window-definition.js';

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
    throw QuotaError.invalid('invalid-rule', [
      { path: '', message: `must not nest deeper than ${PATCH_DEPTH} levels` },
    ]);
  }
  const merged = mergePatch(rule, patch);
  if (isPlainObject(merged) && merged['id'] !== rule.id) {
    const message = `cannot be changed; create a rule with the new id and delete ${show(rule.id)}`;
    const others = validationErrorsInRule({ ...merged, id: rule.id });
    throw QuotaError.invalid('invalid-rule', [{ path: 'id', message }, ...others]);
  }
  return parseRule(merged);
}

const PATCH_DEPTH = ON_DENY_BOUNDS.depth + 1;

function validationErrorsInRule(input: unknown): InputError[] {
  const errors = errorsIn(RuleDefinition, input, '', 'a rule');
  if (!isPlainObject(input)) return errors;
  const limits = Array.isArray(input['limits']) ? input['limits'].slice(0, MAX_LIMITS_A_RULE) : [];
  for (const [index, limit] of limits.entries()) {
    errors.push(...errorsIn(LimitDefinition, limit, `limits.${index}`, 'a limit'));
    const window = isPlainObject(limit) ? limit['window'] : undefined;
    if (isPlainObject(window))
      errors.push(...errorsIn(WindowDefinition, window, `limits.${index}.window`, 'a window'));
  }
  if (input['onDeny'] !== undefined) {
    errors.push(...errorsIn(OnDenyDefinition, input['onDeny'], 'onDeny', 'onDeny'));
  }
  return errors;
}

/** What is wrong with an `onDeny` that stands in something else than a rule. */
export function validationErrorsInOnDeny(onDeny: unknown): readonly InputError[] {
  const message = jsonMessage(onDeny, ON_DENY_BOUNDS);
  if (message !== undefined) return [{ path: 'onDeny', message }];
  return errorsIn(OnDenyDefinition, onDeny, 'onDeny', 'onDeny');
}

/** Checks one level. Nested ones are checked by name, so no input decides how deep a check goes. */
function errorsIn<T extends object>(
  definition: new () => T,
  input: unknown,
  at: string,
  what: string,
): InputError[] {
  if (!isPlainObject(input)) return [{ path: at, message: `must be an object, not ${show(input)}` }];
  const fields = fieldsOf(definition);
  const unknown = firstErrors(
    Object.keys(input).filter((key) => !fields.includes(key)),
    (key) => ({
      path: join(at, /^[\w$-]{1,64}$/.test(key) ? key : show(key)),
      message: `is not a field of ${what}; there are ${fields.join(', ')}`,
    }),
  );
  const wrong = validateSync(fill(definition, input)).flatMap(({ property, constraints = {} }) =>
    [...new Set(Object.values(constraints))].map((message) => ({ path: join(at, property), message })),
  );
  return [...unknown, ...wrong];
}

function join(at: string, field: string): string {
  return at === '' ? field : `${at}.${field}`;
}

const fields = new Map<new () => object, readonly string[]>();

function fieldsOf(definition: new () => object): readonly string[] {
  const known = fields.get(definition);
  if (known) return known;
  const metadata = getMetadataStorage().getTargetValidationMetadatas(definition, '', false, false);
  const names = [...new Set(metadata.map(({ propertyName }) => propertyName))];
  fields.set(definition, names);
  return names;
}

/** The definition with its defaults, and of the input only the fields it has. */
function fill<T extends object>(definition: new () => T, input: Record<string, unknown>): T {
  const given = fieldsOf(definition).filter(
    (field) => Object.hasOwn(input, field) && input[field] !== undefined,
  );
  return Object.assign(new definition(), Object.fromEntries(given.map((field) => [field, input[field]])));
}

function ruleOf({ description, onDeny, ...definition }: RuleDefinition): Rule {
  return {
    id: definition.id,
    resource: definition.resource,
    per: [...definition.per],
    timeZone: canonicalTimeZone(definition.timeZone) ?? definition.timeZone,
    limits: definition.limits.map(({ window, meter, max }) => ({
      window: copyOf(window),
      ...(meter !== undefined && { meter }),
      max,
    })),
    mode: definition.mode,
    degrade: definition.degrade,
    ...(description !== undefined && { description }),
    ...(onDeny !== undefined && { onDeny: JSON.parse(JSON.stringify(onDeny)) as OnDeny }),
  };
}

/** A window as it was written: states repeat it so. */
function copyOf(window: Limit['window']): Limit['window'] {
  if (typeof window === 'string') return window;
  const given = Object.entries(window).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as WindowSpec;
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
