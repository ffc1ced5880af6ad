import { MAX_ATTRIBUTES, type InputError, type Rule } from '@sundial/contract';
import type { RuleBook } from './rule-book.js';

/**
 * Why no check could match a rule, or any other rule of its resource: together they would want more attributes than a subject
 * can have, and every check of the resource would be a bad request.
 */
export function matchesNothing(book: RuleBook, rule: Rule): readonly InputError[] {
  if (rule.mode === 'off') return [];
  const others = book.forResource(rule.resource).filter(({ id }) => id !== rule.id);
  const attributes = new Set([...others, rule].flatMap(({ per }) => per));
  if (attributes.size <= MAX_ATTRIBUTES) return [];
  const message =
    `can match nothing: the rules of ${rule.resource} would count by ${attributes.size} attributes together ` +
    `(${[...attributes].sort().join(', ')}), and a subject has ${MAX_ATTRIBUTES} at most`;
  return [{ path: 'per', message }];
}
