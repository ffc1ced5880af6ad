import { type InputError, type InputFault, MAX_ATTRIBUTES, type Rule, said } from '@sundial/contract';
import type { RuleBook } from './rule-book.js';

/**
 * Why no check could match a rule, or any other rule of its resource: together they would want more attributes than a subject
 * can have, and every check of the resource would be a bad request.
 */
export function matchesNothing(book: RuleBook, rule: Rule): readonly InputError[] {
  if (rule.mode === 'off') return [];
  const others = book.forResource(rule.resource).filter(({ id }) => id !== rule.id);
  const fault = tooManyAttributes([...others, rule]);
  return fault === undefined ? [] : [{ path: 'per', ...fault }];
}

/** The same of a whole set, each rule named by its place: `rules.3.per`. */
export function matchNothing(set: readonly Rule[]): readonly InputError[] {
  const byResource = new Map<string, number[]>();
  for (const [index, { resource, mode }] of set.entries()) {
    if (mode === 'off') continue;
    const known = byResource.get(resource);
    if (known === undefined) byResource.set(resource, [index]);
    else known.push(index);
  }
  return [...byResource.values()].flatMap((indexes) => {
    const fault = tooManyAttributes(indexes.map((index) => set[index]!));
    return fault === undefined ? [] : indexes.map((index) => ({ path: `rules.${index}.per`, ...fault }));
  });
}

/** Of rules of one resource. */
function tooManyAttributes(rules: readonly Rule[]): InputFault | undefined {
  const attributes = new Set(rules.flatMap(({ per }) => per));
  if (attributes.size <= MAX_ATTRIBUTES) return undefined;
  return said('matches-nothing', {
    resource: rules[0]!.resource,
    count: attributes.size,
    names: [...attributes].sort().join(', '),
    to: MAX_ATTRIBUTES,
  });
}
