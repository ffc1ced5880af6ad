import { type InputError, MAX_RULES, QuotaError, type Rule } from '@sundial/contract';
import { TimeSlice } from '../event-loop/time-slice.js';
import { parseRule } from './parse-rule.js';
import { isPlainObject, show } from './plain-json.js';

/** Rules with ids of their own out of a list, one entry at a time. */
export class RuleListReader {
  readonly mistakes: InputError[] = [];
  readonly #rules = new Map<string, Rule>();

  get rules(): Rule[] {
    return [...this.#rules.values()];
  }

  add(entry: unknown, index: number): void {
    const at = `rules.${index}`;
    try {
      const rule = parseRule(entry);
      if (this.#rules.has(rule.id)) {
        const message = `must be unique; ${show(rule.id)} is another rule's`;
        this.mistakes.push({ path: `${at}.id`, message });
      }
      this.#rules.set(rule.id, rule);
    } catch (error) {
      if (!(error instanceof QuotaError)) throw error;
      const mistakes = error.errors.map(({ path, message }) => ({
        path: path === '' ? at : `${at}.${path}`,
        message,
      }));
      this.mistakes.push(...mistakes);
    }
  }
}

/** The list in `{ rules: [ … ] }`, and what is wrong around it. */
export function ruleListIn(
  input: unknown,
  what: 'file' | 'set',
): { readonly list: readonly unknown[]; readonly mistakes: InputError[] } {
  const list = isPlainObject(input) ? input['rules'] : undefined;
  if (!isPlainObject(input) || !Array.isArray(list)) {
    const none = what === 'file' ? '`rules: []`' : '{ "rules": [] }';
    return {
      list: [],
      mistakes: [{ path: 'rules', message: `must be a list of rules; write ${none} for none` }],
    };
  }
  const mistakes = Object.keys(input)
    .filter((key) => key !== 'rules')
    .map((key) => ({ path: key, message: `is not a field of this ${what}; there is rules` }));
  if (list.length <= MAX_RULES) return { list, mistakes };
  const message = `must hold at most ${MAX_RULES} rules, not ${list.length}`;
  return { list: [], mistakes: [...mistakes, { path: 'rules', message }] };
}

/**
 * Makes a whole set of rules of `{ rules: [ … ] }`, without stalling the event loop.
 * @throws QuotaError `invalid-rule` with one entry a mistake (`rules.3.limits.0.max`), the first of them.
 */
export async function parseRules(input: unknown): Promise<readonly Rule[]> {
  const { list, mistakes: around } = ruleListIn(input, 'set');
  const reader = new RuleListReader();
  const slice = new TimeSlice();
  for (const [index, entry] of list.entries()) {
    if (slice.isOver) await slice.next();
    reader.add(entry, index);
  }
  const mistakes = [...around, ...reader.mistakes];
  if (mistakes.length === 0) return reader.rules;
  throw QuotaError.invalid('invalid-rule', mistakes);
}
