import {
  type InputError,
  type OverriddenLimit,
  type OverrideInput,
  overrideInputSchema,
  type Rule,
  said,
} from '@sundial/contract';
import { fieldOf } from '../counters/limit-field.js';
import { notTheAttributes } from '../requests/exact-subject.js';
import { validator } from '../requests/parse-request.js';
import { aboutWindows } from '../requests/window-errors.js';

const errorsIn = validator(overrideInputSchema);

/** What is wrong with an override, but for its rule. */
export function errorsInOverride(input: unknown): readonly InputError[] {
  const errors = aboutWindows(errorsIn(input));
  return errors.length > 0
    ? errors
    : [...limitErrors(input as OverrideInput), ...timeErrors(input as OverrideInput)];
}

/** What its rule has against it: a subject that is not exactly `per`, a limit that the rule has not. */
export function errorsAgainst(rule: Rule, { subject, limits }: OverrideInput): readonly InputError[] {
  const fields = new Set(rule.limits.map(fieldOf));
  const unknown = limits.flatMap((limit, index): readonly InputError[] =>
    fields.has(fieldOf(limit))
      ? []
      : [{ path: `limits.${index}`, ...said('limit-of-rule', { rule: rule.id }) }],
  );
  return [...notTheAttributes(rule.per, subject), ...unknown];
}

function limitErrors({ limits }: OverrideInput): readonly InputError[] {
  const seen = new Set<string>();
  return limits.flatMap((limit, index): readonly InputError[] => {
    const path = `limits.${index}`;
    const errors: InputError[] = hasOne(limit) ? [] : [{ path, ...said('override-set-or-add') }];
    const field = fieldOf(limit);
    if (seen.has(field)) errors.push({ path, ...said('limit-named-before') });
    seen.add(field);
    return errors;
  });
}

function hasOne({ set, add }: OverriddenLimit): boolean {
  return (set === undefined) !== (add === undefined);
}

function timeErrors({ validFrom, validUntil }: OverrideInput): readonly InputError[] {
  if (validFrom === undefined || validUntil === undefined) return [];
  if (Date.parse(validFrom) < Date.parse(validUntil)) return [];
  return [{ path: 'validFrom', ...said('before-valid-until') }];
}
