import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Checks the facts of docker-compose.yml and Dockerfile that matter, with Compose's own check where it is installed. */
const read = (/** @type {string} */ path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const dockerfile = read('Dockerfile');
const { services } = parse(read('docker-compose.yml'));
const { sundial, redis } = services;
const { REDIS_URL, SUNDIAL_CHECK_KEYS, SUNDIAL_ADMIN_KEYS } = sundial.environment;

/** @type {readonly (readonly [fact: string, holds: boolean])[]} */
const FACTS = [
  ['there are two services, sundial and redis', Object.keys(services).join() === 'sundial,redis'],
  ['sundial counts on the redis service', REDIS_URL === 'redis://redis:6379'],
  ['sundial waits until redis is healthy', sundial.depends_on.redis.condition === 'service_healthy'],
  [
    'sundial has keys, which it needs on any host but loopback',
    Boolean(SUNDIAL_CHECK_KEYS && SUNDIAL_ADMIN_KEYS),
  ],
  ['keys that stand in the file open a port of this machine only', sundial.ports.every(isLoopback)],
  ['redis keeps an append-only file', redis.command.includes('--appendonly yes')],
  [
    'redis refuses writes rather than evict counters',
    redis.command.includes('--maxmemory-policy noeviction'),
  ],
  ['redis has a health check', redis.healthcheck.test.includes('ping')],
  [
    'both keep their data over a restart',
    [sundial, redis].every(({ volumes }) => volumes.join().endsWith(':/data')),
  ],
  ['the image has a health check', /^HEALTHCHECK .*\n.*\/health\/ready/m.test(dockerfile)],
  ['the image runs as an ordinary user', /^USER node$/m.test(dockerfile)],
];

for (const [fact, holds] of FACTS) {
  if (!holds) fail(`It is not so that ${fact}.`);
}
if (spawnSync('docker', ['compose', 'version']).status === 0) {
  const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], { encoding: 'utf8' });
  if (status !== 0) fail(stderr.trim());
}

/** @param {string} port */
function isLoopback(port) {
  return port.startsWith('127.0.0.1:');
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
