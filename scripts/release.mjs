import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PUBLISHED } from './published-packages.mjs';

/**
 * `node scripts/release.mjs [--dry-run] [npm's flags]`: publishes every package, those first that others depend on. A
 * version that npm has already is passed over, so that a release that broke off can be repeated.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const flags = process.argv.slice(2);
const isRehearsal = flags.includes('--dry-run');
const { GITHUB_REPOSITORY: repository } = process.env;

for (const folder of PUBLISHED) {
  const cwd = join(ROOT, folder);
  const { name, version } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
  if (!isRehearsal && isPublished(`${name}@${version}`)) {
    process.stdout.write(`${name}@${version} is on npm already\n`);
    continue;
  }
  if (repository && !isRehearsal) nameRepository(cwd, folder, repository);
  const { status } = spawnSync('npm', ['publish', '--access', 'public', ...flags], { cwd, stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write(`${name}@${version} was not published; run this again once its reason is mended.\n`);
    process.exit(1);
  }
}

/**
 * npm accepts provenance only of the repository that the package names, and shows its README's links by it.
 *
 * @param {string} cwd
 * @param {string} folder
 * @param {string} owned
 */
function nameRepository(cwd, folder, owned) {
  const url = `git+https://github.com/${owned}.git`;
  const fields = ['repository.type=git', `repository.url=${url}`, `repository.directory=${folder}`];
  spawnSync('npm', ['pkg', 'set', ...fields], { cwd, stdio: 'inherit' });
}

/** @param {string} release */
function isPublished(release) {
  const { stdout } = spawnSync('npm', ['view', release, 'version'], { encoding: 'utf8' });
  return stdout.trim() !== '';
}
