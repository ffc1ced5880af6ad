import { readFileSync } from 'node:fs';

/**
 * No package that is installed may run code of its own: npm 11.16 and newer run none that `allowScripts` does not allow, and older
 * ones ignore that list. So every package that would is named there, as denied, by someone who has read what it would do.
 */
const read = (/** @type {string} */ name) =>
  JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { allowScripts } = read('package.json');
/** @type {Record<string, { hasInstallScript?: boolean, optional?: boolean }>} */
const locked = read('package-lock.json').packages;

const named = new Set(
  Object.entries(locked)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)),
);
const findings = [
  ...[...named]
    .filter((name) => allowScripts[name] !== false)
    .map(
      (name) => `${name} has an install script: read it, then deny it (npm install-scripts deny ${name}).`,
    ),
  ...Object.keys(allowScripts)
    .filter((name) => !named.has(name))
    .map((name) => `${name} has no install script: take it out of allowScripts in package.json.`),
];
for (const finding of findings) process.stderr.write(`${finding}\n`);
process.exitCode = findings.length > 0 ? 1 : 0;
