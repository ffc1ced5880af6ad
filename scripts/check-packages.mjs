import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PROGRAMS, PUBLISHED } from './published-packages.mjs';

/**
 * Packs every published package and checks the archives as npm would get them: publint, are-the-types-wrong, the
 * files that each has, and source maps that hold their sources. A program is run and has no types.
 */
const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FILES = ['README.md', 'LICENSE'];
const OF_LIBRARIES = [...FILES, 'dist/index.js', 'cjs/index.js', 'cjs/package.json'];
const OF_PROGRAMS = [...FILES, 'dist/main.js'];
const directory = await mkdtemp(join(tmpdir(), 'sundial-packages-'));
/** @type {string[]} */
const findings = [];

try {
  for (const folder of PUBLISHED) await checkPackage(folder);
} finally {
  await rm(directory, { recursive: true, force: true });
}
for (const finding of findings) process.stderr.write(`${finding}\n`);
process.exitCode = findings.length > 0 ? 1 : 0;

/** @param {string} folder */
async function checkPackage(folder) {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], {
    cwd: join(ROOT, folder),
  });
  const [packed] = Object.values(JSON.parse(stdout));
  const archive = join(directory, packed.filename);
  const isProgram = PROGRAMS.includes(folder);
  await Promise.all([
    tool(folder, 'publint', ['run', archive, '--strict']),
    ...(isProgram ? [] : [tool(folder, 'attw', [archive, '--no-emoji', '--format', 'ascii'])]),
  ]);
  const into = join(directory, folder.replaceAll('/', '-'));
  await run('mkdir', [into]);
  await run('tar', ['-xzf', archive, '-C', into, '--strip-components', '1']);
  await checkFiles(folder, into);
}

/**
 * @param {string} folder
 * @param {string} packed
 */
async function checkFiles(folder, packed) {
  const find = (/** @type {string} */ finding) => findings.push(`${folder}: ${finding}`);
  const files = await readdir(packed, { recursive: true });
  for (const file of PROGRAMS.includes(folder) ? OF_PROGRAMS : OF_LIBRARIES) {
    if (!files.includes(file)) find(`the archive has no ${file}`);
  }
  for (const file of files.filter((each) => /tsbuildinfo|\.spec\.|^src\//.test(each)))
    find(`the archive has ${file}, which only the build reads`);
  for (const file of files.filter((each) => each.endsWith('.js.map'))) {
    const { sourcesContent } = JSON.parse(await readFile(join(packed, file), 'utf8'));
    if (!sourcesContent?.[0]) find(`${file} names a source that it does not hold`);
  }
  const manifest = JSON.parse(await readFile(join(packed, 'package.json'), 'utf8'));
  const root = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  if (manifest.engines?.node !== root.engines.node) find(`engines.node is not ${root.engines.node}`);
  if (manifest.version !== root.version) find(`its version is not ${root.version}`);
  const needed = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const [name, version] of Object.entries(needed)) {
    if (name.startsWith('@sundial/') && version !== root.version) find(`${name} is not ${root.version}`);
  }
  const license = await readFile(join(ROOT, 'LICENSE'), 'utf8');
  if ((await readFile(join(packed, 'LICENSE'), 'utf8').catch(() => '')) !== license)
    find('LICENSE differs from that of the repository');
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {string[]} args
 */
async function tool(folder, name, args) {
  await run(join(ROOT, 'node_modules/.bin', name), args).catch(({ stdout, stderr }) => {
    findings.push(`${folder}: ${name}\n${stdout}${stderr}`);
  });
}
