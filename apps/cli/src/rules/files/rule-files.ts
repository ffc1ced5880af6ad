import type { InputError } from '@sundial/contract';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, reasonOf } from '../../terminal/cli-error.js';
import { YamlFile } from './yaml-file.js';

/** A rule as its file has it. What is wrong with it but its id, the service says. */
export interface WantedRule {
  readonly id: string;
  readonly rule: object;
  /** Where an error that the service finds in it stands. */
  readonly placeOf: (path: readonly (string | number)[]) => string;
}

const RULE_FILE = /\.(ya?ml|json)$/i;

/**
 * The rules of a file, or of all YAML and JSON files of a directory and those below it, in the order of their ids. A file holds
 * `rules: [ … ]`, as the service's own rules file does, or one rule.
 * @throws CliError that names every fault.
 */
export async function readRuleFiles(path: string): Promise<readonly WantedRule[]> {
  const rules = (await filesIn(path)).map(rulesOf).flat();
  const faults: string[] = [];
  const first = new Map<string, WantedRule>();
  for (const rule of rules) {
    const other = first.get(rule.id);
    if (other) faults.push(`${rule.placeOf(['id'])}: rule ${rule.id} is at ${other.placeOf(['id'])} too`);
    else first.set(rule.id, rule);
  }
  if (faults.length > 0) throw new CliError(`These rules contradict each other:\n  ${faults.join('\n  ')}`);
  return rules.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What the service says against rules that were sent in this order, at the places of their files. */
export function placed(errors: readonly InputError[], rules: readonly (WantedRule | undefined)[]): string[] {
  return errors.map(({ path, message }) => {
    const [, index, rest = ''] = /^rules\.(\d+)\.?(.*)$/.exec(path) ?? [];
    const rule = index === undefined ? undefined : rules[Number(index)];
    if (!rule) return `${path || 'rules'}: ${message}`;
    const steps =
      rest === '' ? [] : rest.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    return `${rule.placeOf(steps)}: ${rule.id}${rest && ` ${rest}`}: ${message}`;
  });
}

/** The names of rule files in a directory and below it; of a file its own. */
export async function ruleFileNames(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && RULE_FILE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (name) =>
        !name
          .slice(path.length)
          .split(/[/\\]/)
          .some((part) => part.startsWith('.')),
    )
    .sort();
}

async function filesIn(path: string): Promise<readonly YamlFile[]> {
  try {
    const isDirectory = (await stat(path)).isDirectory();
    const names = isDirectory ? await ruleFileNames(path) : [path];
    if (names.length === 0)
      throw new CliError(
        `${path} has no .yaml, .yml or .json file. For no rules at all write "rules: []" in one.`,
      );
    return await Promise.all(names.map(async (name) => new YamlFile(name, await readFile(name, 'utf8'))));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${path} can't be read: ${reasonOf(error)}.`);
  }
}

function rulesOf(file: YamlFile): WantedRule[] {
  const { content } = file;
  if (isObject(content) && 'rules' in content && Array.isArray(content.rules)) {
    const unknown = Object.keys(content).filter((name) => name !== 'rules');
    if (unknown.length > 0)
      throw new CliError(
        `${file.placeOf(unknown)}: "${unknown[0]}" is no field of a rules file; there is: rules.`,
      );
    return content.rules.map((rule, index) => wanted(file, rule, ['rules', index]));
  }
  if (isObject(content) && 'id' in content) return [wanted(file, content, [])];
  throw new CliError(`${file.name}: must hold "rules:" and a list, or one rule with an id.`);
}

function wanted(file: YamlFile, rule: unknown, at: readonly (string | number)[]): WantedRule {
  if (!isObject(rule)) throw new CliError(`${file.placeOf(at)}: must be a rule, with an id.`);
  const { id } = rule as { readonly id?: unknown };
  if (typeof id !== 'string')
    throw new CliError(`${file.placeOf(at)}: the rule has no id, or one that is no text.`);
  return { id, rule, placeOf: (path) => file.placeOf([...at, ...path]) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
