import { dirname, join } from 'node:path';
import { isExecutable, onPath } from './system-package.mjs';

/** A Redis server to test against: the one SUNDIAL_REDIS_SERVER names, else the first on PATH. */
export function findRedisServer() {
  const named = process.env.SUNDIAL_REDIS_SERVER;
  if (named) return isExecutable(named) ? named : undefined;
  return onPath('redis-server') ?? onPath('valkey-server');
}

/** The command line client: the one beside that server, else the first on PATH. */
export function findRedisCli() {
  const server = findRedisServer();
  const names = ['redis-cli', 'valkey-cli'];
  const beside = names.map((name) => join(dirname(server ?? ''), name)).find(isExecutable);
  return beside ?? names.map(onPath).find((path) => path !== undefined);
}
