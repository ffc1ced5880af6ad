import { MAX_ATTRIBUTES, type InputError, type Rule } from '@sundial/contract';
import type { RuleBook } from './rule-book.js';

/**
 * Why no check could match a rule, or any other rule of its resource: together they would want more attributes than a subject
 * can have, and every check of the resource would be a bad request.
 */
export function matchesNothing(book: RuleBook, rule: Rule): readonly InputError[] {
  if (rule.mode === 'off') return [];
  const others = book.forResource(rule.resource).filter(({ id }) => id !== rule.id);
  const message = tooManyAttributes([...others, rule]);
  return message === undefined ? [] : [{ path: 'per', message }];
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
    const message = tooManyAttributes(indexes.map((index) => set[index]!));
    return message === undefined ? [] : indexes.map((index) => ({ path: `rules.${index}.per`, message }));
  });
}

/** Of rules of one resource. */
function tooManyAttributes(rules: readonly Rule[]): string | undefined {
  const attributes = new Set(rules.flatMap(({ per }) => per));
  if (attributes.size <= MAX_ATTRIBUTES) return undefined;
  return (
    `can match nothing: the rules of ${rules[0]!.resource} would count by ${attributes.size} attributes together ` +
    `(${[...attributes].sort().join(', ')}), and a subject has ${MAX_ATTRIBUTES} at most`
  );
}
