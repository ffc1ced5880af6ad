import { findPostgres } from './find-postgres.mjs';
import { installSystemPackage } from './system-package.mjs';

/** Runs before the tests: those of the ledger use a real PostgreSQL and are never skipped for want of one. */
const PACKAGES = {
  'apt-get': ['postgresql'],
  apk: ['postgresql', 'postgresql16'],
  dnf: ['postgresql-server'],
  brew: ['postgresql'],
};

const named = process.env.SUNDIAL_POSTGRES_BIN;
const found = () => findPostgres() !== undefined;

if (!found() && !named) installSystemPackage(PACKAGES, found);
if (!found()) {
  const sentence = named
    ? `SUNDIAL_POSTGRES_BIN is "${named}", where there is no postgres and initdb: name the folder that has both, or unset it.`
    : 'The tests need a real PostgreSQL: install it (for example "apt-get install postgresql"), or name the folder of its programs in SUNDIAL_POSTGRES_BIN.';
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
