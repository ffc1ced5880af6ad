import { findRedisServer } from './find-redis.mjs';
import { installSystemPackage } from './system-package.mjs';

/** Runs before the tests and the benchmarks: they use a real Redis and are never skipped for want of one. */
const PACKAGES = {
  'apt-get': ['redis-server', 'valkey-server'],
  apk: ['redis', 'valkey'],
  dnf: ['valkey', 'redis'],
  brew: ['redis', 'valkey'],
};

const named = process.env.SUNDIAL_REDIS_SERVER;
const found = () => findRedisServer() !== undefined;

if (!found() && !named) installSystemPackage(PACKAGES, found);
if (!found()) {
  const sentence = named
    ? `SUNDIAL_REDIS_SERVER is "${named}", which is not an executable file: name a redis-server or valkey-server, or unset it.`
    : 'The tests need a real Redis: install redis-server or valkey-server (for example "apt-get install redis-server"), or name one in SUNDIAL_REDIS_SERVER.';
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
