import { type InputError, MAX_RULES, QuotaError, type Rule, said } from '@sundial/contract';
import { TimeSlice } from '../event-loop/time-slice.js';
import { matchNothing } from './matches-nothing.js';
import { parseRule } from './parse-rule.js';
import { isPlainObject, show } from './plain-json.js';

/** Rules with ids of their own out of a list, one entry at a time. */
export class RuleListReader {
  readonly errors: InputError[] = [];
  readonly #rules = new Map<string, Rule>();

  get rules(): Rule[] {
    return [...this.#rules.values()];
  }

  add(entry: unknown, index: number): void {
    const at = `rules.${index}`;
    try {
      const rule = parseRule(entry);
      if (this.#rules.has(rule.id))
        this.errors.push({ path: `${at}.id`, ...said('unique-id', { id: show(rule.id) }) });
      this.#rules.set(rule.id, rule);
    } catch (error) {
      if (!(error instanceof QuotaError)) throw error;
      const errors = error.errors.map(({ path, ...fault }) => ({
        path: path === '' ? at : `${at}.${path}`,
        ...fault,
      }));
      this.errors.push(...errors);
    }
  }
}

/** The list in `{ rules: [ … ] }`, and what is wrong around it. */
export function ruleListIn(
  input: unknown,
  what: 'file' | 'set',
): { readonly list: readonly unknown[]; readonly errors: InputError[] } {
  const list = isPlainObject(input) ? input['rules'] : undefined;
  if (!isPlainObject(input) || !Array.isArray(list)) {
    const none = what === 'file' ? '`rules: []`' : '{ "rules": [] }';
    return {
      list: [],
      errors: [{ path: 'rules', ...said('rules-list', { none }) }],
    };
  }
  const errors = Object.keys(input)
    .filter((key) => key !== 'rules')
    .map((key) => ({ path: key, ...said('no-field-of', { what: `this ${what}`, fields: 'rules' }) }));
  if (list.length <= MAX_RULES) return { list, errors };
  const fault = said('list-too-long', { to: MAX_RULES, what: 'rules', count: list.length });
  return { list: [], errors: [...errors, { path: 'rules', ...fault }] };
}

/**
 * Makes a whole set of rules of `{ rules: [ … ] }`, without stalling the event loop.
 * @throws QuotaError `invalid-rule` with one entry for each error (`rules.3.limits.0.max`), the first of them.
 */
export async function parseRules(input: unknown): Promise<readonly Rule[]> {
  const { list, errors: around } = ruleListIn(input, 'set');
  const reader = new RuleListReader();
  const slice = new TimeSlice();
  for (const [index, entry] of list.entries()) {
    if (slice.isOver) await slice.next();
    reader.add(entry, index);
  }
  const errors = [...around, ...reader.errors];
  if (errors.length === 0) errors.push(...matchNothing(reader.rules));
  if (errors.length === 0) return reader.rules;
  throw QuotaError.invalid('invalid-rule', errors);
}
