import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run test:python`: builds the Python client as PyPI gets it, installs that wheel into a new virtual environment, and runs format,
 * lint, types and tests there. Nothing is left in the tree. It closes with a plain line, `N passed, N failed`, as the other suites do.
 */
const CLIENT = fileURLToPath(new URL('../clients/python', import.meta.url));
const OLDEST = '3.11';
const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'];

/** @param {string} command */
function isNewEnough(command) {
  const program = `import sys; sys.exit(sys.version_info < (${OLDEST.replace('.', ', ')}))`;
  return spawnSync(command, ['-c', program]).status === 0;
}

const named = process.env.SUNDIAL_PYTHON;
const python = (named ? [named] : NAMES).find(isNewEnough);
if (!python) {
  const sentence = named
    ? `SUNDIAL_PYTHON is "${named}", which is no Python ${OLDEST} or newer.`
    : `The Python client needs Python ${OLDEST} or newer: install it, or name one in SUNDIAL_PYTHON.`;
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'sundial-python-'));
const bin = join(folder, 'venv', process.platform === 'win32' ? 'Scripts' : 'bin', 'python');
const wheels = join(folder, 'wheels');
const env = {
  ...process.env,
  HYPOTHESIS_STORAGE_DIRECTORY: join(folder, 'hypothesis'),
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  RUFF_NO_CACHE: 'true',
};
let passed = 0;
let failed = 0;

/**
 * Shows what a command prints, and answers it; a command that fails counts as one failure.
 * @param {string} name @param {string} command @param {string[]} args
 */
async function step(name, command, ...args) {
  const child = spawn(command, args, { cwd: CLIENT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
    text += chunk;
    process.stdout.write(chunk);
  });
  const status = await new Promise((ended) => {
    child.on('error', (error) => ended(error.message));
    child.on('close', ended);
  });
  if (status === 0) passed += 1;
  else process.stdout.write(`FAIL ${name} (exit ${status})\n`);
  if (status !== 0) failed += 1;
  return { ok: status === 0, text };
}

/** What pytest counted, in place of the one step. @param {{ ok: boolean, text: string }} run */
function count({ ok, text }) {
  const [last = ''] = text.trimEnd().split('\n').slice(-1);
  const number = (/** @type {string} */ word) => Number(new RegExp(`(\\d+) ${word}`).exec(last)?.[1] ?? 0);
  const bad = number('failed') + number('error');
  passed += number('passed') - (ok ? 1 : 0);
  failed += bad > 0 ? bad - 1 : 0;
  for (const [, id] of text.matchAll(/^(?:FAILED|ERROR) (\S.*)$/gm)) process.stdout.write(`FAIL ${id}\n`);
}

async function test() {
  if (!(await step('venv', String(python), '-m', 'venv', join(folder, 'venv'))).ok) return;
  if (!(await step('build tools', bin, '-m', 'pip', 'install', '-q', 'build', 'twine')).ok) return;
  if (!(await step('build', bin, '-m', 'build', '--outdir', wheels)).ok) return;
  const built = readdirSync(wheels).map((file) => join(wheels, file));
  await step('twine check', bin, '-m', 'twine', 'check', '--strict', ...built);
  const wheel = built.find((file) => file.endsWith('.whl'));
  if (!(await step('install', bin, '-m', 'pip', 'install', '-q', `${wheel}[receipts,test]`)).ok) return;
  await step('format', bin, '-m', 'ruff', 'format', '--check');
  await step('lint', bin, '-m', 'ruff', 'check');
  await step('types', bin, '-m', 'mypy', '--cache-dir', join(folder, 'mypy'));
  count(await step('pytest', bin, '-m', 'pytest', '-p', 'no:cacheprovider'));
}

try {
  await test();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
