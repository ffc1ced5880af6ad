import { spawnSync } from 'node:child_process';
import luaparse from 'luaparse';
import { assembledLinesOf, linesOf, luaFiles } from './lua-source.mjs';
import { installSystemPackage, onPath } from './system-package.mjs';

/**
 * Checks the Redis scripts as Redis gets them, with their includes in place. Syntax, globals, headers and sizes
 * are checked everywhere, all that luacheck knows where luacheck can be had.
 *
 * @typedef {import('./lua-source.mjs').Line} Line
 * @typedef {{ at: string, message: string, unused?: boolean }} Finding
 */

const MAX_CODE_LINES = 80;
const HEADER = [/^-- \S.*\.$/m, /^-- KEYS\b/m, /^-- ARGV\b/m, /^-- Returns\b/m];
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

/** @param {Line | undefined} line */
const placeOf = (line) => `${line?.file}:${line?.line}`;
/** @param {Line[]} lines */
const textOf = (lines) => lines.map(({ text }) => text).join('\n');

/**
 * @param {Line[]} lines
 * @returns {Finding[]}
 */
function headerFindings(lines) {
  const end = lines.findIndex(({ text }) => !text.startsWith('--'));
  const header = textOf(lines.slice(0, end));
  const whole = HEADER.every((part) => part.test(header));
  return whole
    ? []
    : [{ at: placeOf(lines[0]), message: 'the header must tell purpose, KEYS, ARGV and Returns' }];
}

/**
 * @param {Line[]} lines
 * @returns {Finding[]}
 */
function sizeFindings(lines) {
  const code = lines.filter(({ text }) => !/^\s*(--.*)?$/.test(text)).length;
  const message = `${code} lines of code are more than ${MAX_CODE_LINES}`;
  return code > MAX_CODE_LINES ? [{ at: placeOf(lines[0]), message }] : [];
}

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

/** What a script includes and does not use is no mistake while another script uses it. */
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

const findings = [
  ...luaFiles('lua').flatMap((file) => headerFindings(linesOf(file))),
  ...[...luaFiles('lua'), ...luaFiles('lua/shared')].flatMap((file) => sizeFindings(linesOf(file))),
  ...findingsOfScripts(),
];
for (const line of new Set(findings.map(({ at, message }) => `${at}: ${message}\n`)))
  process.stderr.write(line);
if (findings.length > 0) process.exitCode = 1;
