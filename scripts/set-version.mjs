import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `node scripts/set-version.mjs 0.2.0`: gives every package, and its dependencies on the others, one version; the Python client too. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [version = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) {
  process.stderr.write(`"${version}" is no version; say for example: node scripts/set-version.mjs 0.2.0\n`);
  process.exit(1);
}

const manifests = execFileSync('git', ['ls-files', 'package.json', '*/package.json'], {
  cwd: ROOT,
  encoding: 'utf8',
});
for (const file of manifests.trim().split('\n')) {
  const path = join(ROOT, file);
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.version = version;
  for (const field of ['dependencies', 'devDependencies', 'peerDependencies']) {
    for (const name of Object.keys(manifest[field] ?? {})) {
      if (name.startsWith('@sundial/')) manifest[field][name] = version;
    }
  }
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}
const pyproject = join(ROOT, 'clients/python/pyproject.toml');
writeFileSync(
  pyproject,
  readFileSync(pyproject, 'utf8').replace(/^version = ".*"$/m, `version = "${version}"`),
);
execFileSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
  cwd: ROOT,
  stdio: 'inherit',
});
