import type { Rule } from '@sundial/contract';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, reasonOf } from '../terminal/cli-error.js';
import { ruleFileNames } from './files/rule-files.js';
import { rulesYaml } from './rule-yaml.js';

/**
 * Writes rules to a file (`.yaml`, `.yml`), or to a directory with a file for each resource. Other rule files of the
 * directory would be applied too, and bring deleted rules back: they are an error, or with `prune` they are deleted.
 * @throws CliError where it can't.
 */
export async function exportRules(
  rules: readonly Rule[],
  to: string,
  prune: boolean,
): Promise<readonly string[]> {
  try {
    if (await isFile(to)) {
      await writeFile(to, rulesYaml(rules));
      return [to];
    }
    return await exportTo(to, rules, prune);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${to} can't be written: ${reasonOf(error)}.`);
  }
}

async function exportTo(
  directory: string,
  rules: readonly Rule[],
  prune: boolean,
): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true });
  const files = new Map([...byFile(rules)].map(([name, its]) => [join(directory, name), its]));
  const others = (await ruleFileNames(directory)).filter((name) => !files.has(name));
  if (others.length > 0 && !prune) {
    throw new CliError(
      `${directory} has other rule files, which "rules apply" would read too: ${others.join(', ')}. ` +
        'Take an empty directory, or give --prune to delete them.',
    );
  }
  for (const [name, its] of files) await writeFile(name, rulesYaml(its));
  for (const name of others) await rm(name);
  return [...files.keys()];
}

/** Some disks don't tell `OCR` from `ocr`: such resources share a file. */
function byFile(rules: readonly Rule[]): Map<string, Rule[]> {
  const files = new Map<string, Rule[]>();
  for (const rule of rules) {
    const name = `${rule.resource.toLowerCase().replaceAll(':', '%3A')}.yaml`;
    files.set(name, [...(files.get(name) ?? []), rule]);
  }
  return files.size > 0 ? files : new Map([['rules.yaml', []]]);
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found ? found.isFile() : /\.ya?ml$/i.test(path);
}
