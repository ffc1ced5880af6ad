import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import bundleService from '../../scripts/service-bundle.mjs';
import { PUBLISHED } from '../../scripts/published-packages.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Packs every published package once for all of the run, as `npm publish` would. */
export default async function pack() {
  await bundleService();
  const directory = mkdtempSync(join(tmpdir(), 'sundial-packed-'));
  const workspaces = PUBLISHED.flatMap((folder) => ['--workspace', folder]);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', directory, ...workspaces], { cwd: ROOT });
  process.env['SUNDIAL_PACKED'] = directory;
  if (readdirSync(directory).length !== PUBLISHED.length) throw new Error(`${directory} lacks a package`);
}
