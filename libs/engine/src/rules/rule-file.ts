import { readFile } from 'node:fs/promises';
import { type InputError, QuotaError, type Rule } from '@sundial/contract';
import { YamlError, YamlText } from '../files/yaml-text.js';
import { RuleListReader, ruleListIn } from './parse-rules.js';
import { isPlainObject } from './plain-json.js';

/**
 * Reads a start-up file: YAML 1.2 with one list, `rules`, of rules as `RuleDefinition` says.
 * @throws QuotaError `invalid-rule` that names the file and lists every error of every rule with its line.
 */
export async function loadRuleFile(path: string): Promise<Rule[]> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw refused(path, [{ path: '', message: `cannot be read (${cause.message})` }]);
  });
  return parseRuleFile(bytes, path);
}

/** `loadRuleFile` for a file already read; `path` is only named in errors. */
export function parseRuleFile(source: string | Uint8Array, path: string): Rule[] {
  const yaml = read(source, path);
  const { rules, errors } = rulesIn(yaml);
  if (errors.length === 0) return rules;
  throw refused(
    path,
    errors.map((error) => ({ ...error, line: yaml.lineOf(error.path.split('.')) })),
  );
}

interface LocatedError extends InputError {
  readonly line?: number | undefined;
}

function refused(path: string, located: readonly LocatedError[]): QuotaError {
  const errors = located.map(({ path: at, message, line }) => ({
    path: at,
    message: line === undefined ? message : `${message} (line ${line})`,
  }));
  const sentences = errors.map(({ path: at, message }) => `\n  ${at === '' ? 'the file' : at}: ${message}`);
  return new QuotaError('invalid-rule', `The rules in ${path} are not valid:${sentences.join('')}`, errors);
}

function read(source: string | Uint8Array, path: string): YamlText {
  try {
    return new YamlText(source);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw refused(
      path,
      error.faults.map((fault) => ({ ...fault, path: '' })),
    );
  }
}

function rulesIn(yaml: YamlText): { rules: Rule[]; errors: InputError[] } {
  const { list, errors } = ruleListIn(yaml.content, 'file');
  const reader = new RuleListReader();
  for (const [index, entry] of list.entries()) reader.add(entry, index);
  return { rules: reader.rules, errors: [...errors, ...reader.errors, ...emptyLimits(list, yaml)] };
}

/** A `max` that was forgotten must not lift the limit, as a null that is written does. */
function emptyLimits(list: readonly unknown[], yaml: YamlText): InputError[] {
  return list.flatMap((rule, index) =>
    maxPaths(rule)
      .map((path) => ['rules', index, ...path])
      .filter((path) => yaml.isEmpty(path))
      .map((path) => ({
        path: path.join('.'),
        message: 'is empty; write a whole number, or null for no limit',
      })),
  );
}

/** Where a rule has a `max` that is null: in its limits, their schedules and its tiers. */
function maxPaths(rule: unknown): (string | number)[][] {
  if (!isPlainObject(rule)) return [];
  const inLists = (list: unknown, path: (string | number)[]) =>
    (Array.isArray(list) ? list : []).flatMap((each: unknown, at) =>
      isPlainObject(each) && each['max'] === null ? [[...path, at, 'max']] : [],
    );
  const { limits, tiers } = rule;
  const paths = inLists(limits, ['limits']);
  for (const [at, limit] of Array.isArray(limits) ? limits.entries() : [])
    if (isPlainObject(limit)) paths.push(...inLists(limit['when'], ['limits', at, 'when']));
  const byTier = isPlainObject(tiers) && isPlainObject(tiers['max']) ? tiers['max'] : {};
  for (const [tier, its] of Object.entries(byTier)) paths.push(...inLists(its, ['tiers', 'max', tier]));
  return paths;
}
