import { spawnSync } from 'node:child_process';
import luaparse from 'luaparse';
import { placeOf, shapeFindings, textOf } from './lua-rules.mjs';
import { assembledLinesOf, linesOf, luaFiles } from './lua-source.mjs';
import { installSystemPackage, onPath } from './system-package.mjs';

/**
 * Checks the Redis scripts: each file alone for its shape (lua-rules.mjs), and scripts as Redis gets them, with their
 * includes in place, for syntax, globals and, where luacheck is installed or can be, all that luacheck knows.
 *
 * @typedef {import('./lua-source.mjs').Line} Line
 * @typedef {import('./lua-rules.mjs').Finding} Finding
 */

/** What a script may use of what Redis gives it: no randomness, no code made from text. */
const GLOBALS = new Set(
  'redis KEYS ARGV math string table assert error ipairs next pairs pcall select tonumber tostring type unpack'.split(
    ' ',
  ),
);
const LUACHECK_PACKAGES = {
  'apt-get': ['lua-check'],
  apk: ['luacheck'],
  dnf: ['luacheck'],
  brew: ['luacheck'],
};

/**
 * Syntax errors, and globals by accident, which Redis would refuse only when the line runs.
 * @param {Line[]} lines
 * @returns {Finding[]}
 */
function parserFindings(lines) {
  const at = (/** @type {number | undefined} */ line) => placeOf(lines[(line ?? 1) - 1]);
  try {
    const chunk = luaparse.parse(textOf(lines), { luaVersion: '5.1', scope: true, locations: true });
    /** @type {luaparse.Identifier[]} */
    const globals = Reflect.get(chunk, 'globals');
    const unknown = globals.filter(({ name }) => !GLOBALS.has(name));
    return unknown.map(({ name, loc }) => ({ at: at(loc?.start.line), message: `${name} is not local` }));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = error.message.replace(/^\[\d+:\d+\] /, '');
    return [{ at: at(Number(Reflect.get(error, 'line'))), message }];
  }
}

/**
 * @param {string} luacheck
 * @param {Line[]} lines
 * @returns {Finding[]}
 */
function luacheckFindings(luacheck, lines) {
  const flags = ['--codes', '--formatter', 'plain', '--filename', 'script', '-'];
  const { stdout, stderr, status } = spawnSync(luacheck, flags, { input: textOf(lines), encoding: 'utf8' });
  if (status === null || status > 2) throw new Error(`luacheck failed: ${stdout}${stderr}`);
  return [...stdout.matchAll(/^script:(\d+):\d+: (\((.)(.).*)$/gm)].map(
    ([, line, message = '', kind, group]) => ({
      at: placeOf(lines[Number(line) - 1]),
      message,
      unused: kind === 'W' && group === '2',
    }),
  );
}

function findLuacheck() {
  const found = () => onPath('luacheck');
  if (!found()) installSystemPackage(LUACHECK_PACKAGES, () => found() !== undefined);
  if (!found())
    process.stderr.write('luacheck cannot be had here (Debian: lua-check), so its checks are left out.\n');
  return found();
}

/** What a script includes and does not use is no error while another script uses it. */
function findingsOfScripts() {
  const luacheck = findLuacheck();
  const scripts = luaFiles('lua').map((file) => {
    const lines = assembledLinesOf(file);
    const findings = [...parserFindings(lines), ...(luacheck ? luacheckFindings(luacheck, lines) : [])];
    return { places: new Set(lines.map(placeOf)), findings };
  });
  const used = (/** @type {Finding} */ { at, message }) =>
    scripts.some(
      ({ places, findings }) =>
        places.has(at) && !findings.some((other) => other.at === at && other.message === message),
    );
  return scripts.flatMap(({ findings }) => findings.filter((finding) => !finding.unused || !used(finding)));
}

/** With its own includes alone: a file that uses more than it names has globals. */
const findingsOfIncludes = () =>
  luaFiles('lua/shared').flatMap((file) => [
    ...shapeFindings(linesOf(file), { included: true }),
    ...parserFindings(assembledLinesOf(file)),
  ]);

const findings = [
  ...luaFiles('lua').flatMap((file) => shapeFindings(linesOf(file), { included: false })),
  ...findingsOfIncludes(),
  ...findingsOfScripts(),
];
for (const line of new Set(findings.map(({ at, message }) => `${at}: ${message}\n`)))
  process.stderr.write(line);
if (findings.length > 0) process.exitCode = 1;
