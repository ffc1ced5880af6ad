import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Prints the lines of each package and of each of its folders, specs left out: the figures of ARCHITECTURE.md, unrounded. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = /^(?!.*\.(spec|gen\.d)\.ts$).*\.(tsx?|mjs|lua)$/;
const GENERATED = new Set(['dist', 'cjs', 'node_modules']);

/** @param {string} folder */
function packagesIn(folder) {
  return readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
}

/**
 * @param {string} folder
 * @returns {string[]} Its source files and those of its folders.
 */
function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return GENERATED.has(entry.name) ? [] : sourcesIn(path);
    return SOURCE.test(entry.name) ? [path] : [];
  });
}

for (const name of ['lua', ...packagesIn('libs'), ...packagesIn('apps'), 'test', 'bench', 'scripts']) {
  /** @type {Map<string, number>} */
  const folders = new Map();
  for (const path of sourcesIn(join(ROOT, name))) {
    const lines = readFileSync(path, 'utf8').split('\n').length - 1;
    const folder = relative(join(ROOT, name), dirname(path)) || '.';
    folders.set(folder, (folders.get(folder) ?? 0) + lines);
  }
  const total = [...folders.values()].reduce((sum, lines) => sum + lines, 0);
  process.stdout.write(`${name}: ${total}\n`);
  for (const [folder, lines] of [...folders].sort()) process.stdout.write(`  ${folder}: ${lines}\n`);
}
