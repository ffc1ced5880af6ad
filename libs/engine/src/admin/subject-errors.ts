import { MAX_ATTRIBUTES, type InputError, type Rule, type Subject } from '@sundial/contract';
import type { RuleBook } from '../rules/rule-book.js';

/** A counter is one of a rule's exact attributes: with others it would be another one, or none. */
export function notTheAttributes(per: readonly string[], subject: Subject): readonly InputError[] {
  const missing = per.filter((name) => !Object.hasOwn(subject, name));
  const others = Object.keys(subject).filter((name) => !per.includes(name));
  return [
    ...missing.map((name) => ({ path: `subject.${name}`, message: 'is missing: the rule counts by it' })),
    ...others.map((name) => ({ path: `subject.${name}`, message: 'is not counted by this rule' })),
  ];
}

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
