import { readFile } from 'node:fs/promises';
import { QuotaError, type InputError } from '../errors.js';
import { YamlError, YamlText } from '../yaml-text.js';
import { parseRule } from './parse-rule.js';
import { isPlainObject, show } from './plain-json.js';
import { MAX_RULES } from './rule-book.js';
import type { Rule } from './rule.js';

/**
 * Reads a start-up file: YAML 1.2 with one list, `rules`, of rules as `RuleDefinition` says.
 * @throws QuotaError `invalid-rule` that names the file and lists every mistake of every rule with its line.
 */
export async function loadRuleFile(path: string): Promise<Rule[]> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw refused(path, [{ path: '', message: `cannot be read (${cause.message})` }]);
  });
  return parseRuleFile(text, path);
}

/** `loadRuleFile` for a text already read; `path` is only named in errors. */
export function parseRuleFile(text: string, path: string): Rule[] {
  const yaml = read(text, path);
  const { rules, mistakes } = rulesIn(yaml.content);
  if (mistakes.length === 0) return rules;
  throw refused(
    path,
    mistakes.map((mistake) => ({ ...mistake, line: yaml.lineOf(mistake.path.split('.')) })),
  );
}

interface LocatedError extends InputError {
  readonly line?: number | undefined;
}

function refused(path: string, mistakes: readonly LocatedError[]): QuotaError {
  const errors = mistakes.map(({ path: at, message, line }) => ({
    path: at,
    message: line === undefined ? message : `${message} (line ${line})`,
  }));
  const sentences = errors.map(({ path: at, message }) => `\n  ${at === '' ? 'the file' : at}: ${message}`);
  return new QuotaError('invalid-rule', `The rules in ${path} are not valid:${sentences.join('')}`, errors);
}

function read(text: string, path: string): YamlText {
  try {
    return new YamlText(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw refused(
      path,
      error.faults.map((fault) => ({ ...fault, path: '' })),
    );
  }
}

function rulesIn(content: unknown): { rules: Rule[]; mistakes: InputError[] } {
  const list = isPlainObject(content) ? content['rules'] : undefined;
  if (!isPlainObject(content) || !Array.isArray(list)) {
    return {
      rules: [],
      mistakes: [{ path: 'rules', message: 'must be a list of rules; write `rules: []` for none' }],
    };
  }
  const mistakes: InputError[] = Object.keys(content)
    .filter((key) => key !== 'rules')
    .map((key) => ({ path: key, message: 'is not a field of this file; there is rules' }));
  if (list.length > MAX_RULES) {
    mistakes.push({ path: 'rules', message: `must hold at most ${MAX_RULES} rules, not ${list.length}` });
    return { rules: [], mistakes };
  }
  const rules = new Map<string, Rule>();
  for (const [index, entry] of list.entries()) {
    const rule = ruleOrMistakes(entry, `rules.${index}`, mistakes);
    if (rule === undefined) continue;
    if (rules.has(rule.id)) {
      mistakes.push({
        path: `rules.${index}.id`,
        message: `must be unique; ${show(rule.id)} is another rule's`,
      });
    }
    rules.set(rule.id, rule);
  }
  return { rules: [...rules.values()], mistakes };
}

function ruleOrMistakes(entry: unknown, at: string, mistakes: InputError[]): Rule | undefined {
  try {
    return parseRule(entry);
  } catch (error) {
    if (!(error instanceof QuotaError)) throw error;
    mistakes.push(
      ...error.errors.map(({ path, message }) => ({ path: path === '' ? at : `${at}.${path}`, message })),
    );
    return undefined;
  }
}
