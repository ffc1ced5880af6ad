import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isExecutable, onPath } from './system-package.mjs';

/** Where distributions put the programs of PostgreSQL, which are not on PATH: a folder for each version. */
const VERSIONS = ['/usr/lib/postgresql', '/usr/libexec/postgresql'];

/** The folder of `postgres` and `initdb`: the one SUNDIAL_POSTGRES_BIN names, else that of the newest version, else that on PATH. */
export function findPostgres() {
  const named = process.env.SUNDIAL_POSTGRES_BIN;
  if (named) return isComplete(named) ? named : undefined;
  const installed = VERSIONS.flatMap((folder) =>
    foldersOf(folder)
      .sort((left, right) => Number(right) - Number(left))
      .map((version) => join(folder, version, 'bin')),
  );
  const onThePath = onPath('initdb');
  return [...installed, ...(onThePath ? [dirname(onThePath)] : [])].find(isComplete);
}

/** @param {string} folder */
function isComplete(folder) {
  return ['postgres', 'initdb'].every((program) => isExecutable(join(folder, program)));
}

/** @param {string} folder */
function foldersOf(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
