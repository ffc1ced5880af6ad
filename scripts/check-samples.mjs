import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run check:samples`: compiles the programs of docs/other-languages.md where their compiler is at hand, or parses them at least.
 * A block is a program when its first lines name its file. Nothing is installed for it: a missing compiler is said, and is no error.
 */
const PAGE = 'docs/other-languages.md';
const BLOCK = /^```(\w+)\n(.*?)^```$/gms;
const FILE = /^(?:\/\/|#) ([\w-]+\.\w+)/m;

/** For each language the ways to check a file, the best first. */
const CHECKS = {
  bash: (/** @type {string} */ file) => [{ command: 'bash', args: ['-n', file] }],
  go: (/** @type {string} */ file) => [{ command: 'go', args: ['vet', file] }],
  java: (/** @type {string} */ file) => [
    { command: 'javac', args: ['-Xlint:all', '-Werror', '-d', 'classes', file] },
  ],
  csharp: (/** @type {string} */ file) => [
    { command: 'dotnet', args: ['build', '--nologo', '-v', 'quiet'] },
    { command: 'mcs', args: ['--parse', file] },
  ],
  php: (/** @type {string} */ file) => [{ command: 'php', args: ['-l', file] }],
};
const PROJECT = `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType>
<TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>\n`;

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sundial-samples-'));
/** @type {Set<string>} */
const found = new Set();
try {
  for (const [, tag = '', text = ''] of readFileSync(join(root, PAGE), 'utf8').matchAll(BLOCK)) {
    const language = tag === 'sh' ? 'bash' : tag;
    const [, name] = FILE.exec(text.split('\n').slice(0, 2).join('\n')) ?? [];
    if (!name || !isKnown(language)) continue;
    found.add(language);
    check(language, name, text);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const lost = Object.keys(CHECKS).filter((language) => !found.has(language));
if (lost.length > 0) fail(`${PAGE} has no program any more in ${lost.join(', ')}.`);

/** @param {string} language @returns {language is keyof typeof CHECKS} */
function isKnown(language) {
  return language in CHECKS;
}

/** @param {keyof typeof CHECKS} language @param {string} name @param {string} text */
function check(language, name, text) {
  const cwd = join(folder, language);
  mkdirSync(cwd);
  writeFileSync(join(cwd, name), text);
  if (language === 'csharp') writeFileSync(join(cwd, 'sample.csproj'), PROJECT);
  for (const { command, args } of CHECKS[language](name)) {
    // Only what the compiler brings itself: a sample needs no package.
    const env = {
      ...process.env,
      GOPROXY: 'off',
      GOFLAGS: '',
      GO111MODULE: 'off',
      DOTNET_CLI_TELEMETRY_OPTOUT: '1',
    };
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
    if (error && 'code' in error && error.code === 'ENOENT') continue;
    if (status !== 0) fail(`${PAGE}: ${command} finds fault with ${name}\n${stdout}${stderr}${error ?? ''}`);
    return;
  }
  const wanted = CHECKS[language](name).map(({ command }) => command);
  process.stdout.write(`${PAGE}: ${name} was not checked: there is no ${wanted.join(' or ')} here\n`);
}

/** @param {string} sentence */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
