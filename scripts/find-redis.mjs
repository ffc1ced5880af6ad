import { isExecutable, onPath } from './system-package.mjs';

/** A Redis server to test against: the one SUNDIAL_REDIS_SERVER names, else the first on PATH. */
export function findRedisServer() {
  const named = process.env.SUNDIAL_REDIS_SERVER;
  if (named) return isExecutable(named) ? named : undefined;
  return onPath('redis-server') ?? onPath('valkey-server');
}
