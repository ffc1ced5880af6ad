import { readFile } from 'node:fs/promises';
import { type InputError, QuotaError, type Rule } from '@sundial/contract';
import { YamlError, YamlText } from '../files/yaml-text.js';
import { RuleListReader, ruleListIn } from './parse-rules.js';

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
  const { list, mistakes } = ruleListIn(content, 'file');
  const reader = new RuleListReader();
  for (const [index, entry] of list.entries()) reader.add(entry, index);
  return { rules: reader.rules, mistakes: [...mistakes, ...reader.mistakes] };
}
