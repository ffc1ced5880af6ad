import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Checks the facts of docker-compose.yml and Dockerfile that matter, with Compose's own check where it is installed. */
const read = (/** @type {string} */ path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const dockerfile = read('Dockerfile');
const text = read('docker-compose.yml');
const { services } = parse(text, { merge: true });
const { secrets, sundial, redis } = services;
/** @type {any[]} */
const all = Object.values(services);
const { environment } = sundial;
const started = sundial.command.join(' ');

const EXACT_IMAGE = /^[\w./-]+:\d+\.\d+\.\d+(-[\w.]+)?(@sha256:[0-9a-f]{64})?$/;
/** @type {readonly (readonly [fact: string, holds: boolean])[]} */
const FACTS = [
  [
    'there are three services: secrets, sundial and redis',
    Object.keys(services).join() === 'secrets,sundial,redis',
  ],
  ['sundial counts on the redis service', started.includes('@redis:6379"')],
  ['sundial waits until redis is healthy', sundial.depends_on.redis.condition === 'service_healthy'],
  [
    'sundial and redis wait until the secrets are made',
    [sundial, redis].every(
      ({ depends_on }) => depends_on.secrets.condition === 'service_completed_successfully',
    ),
  ],
  [
    'sundial has keys, which it needs on any host but loopback, from files that are made at the first start',
    environment.SUNDIAL_CHECK_KEYS_FILE === '/keys/check.keys' &&
      environment.SUNDIAL_ADMIN_KEYS_FILE === '/keys/admin.keys' &&
      secrets.volumes.includes('keys:/keys'),
  ],
  [
    'no key and no password stands in the file',
    environment.SUNDIAL_CHECK_KEYS === '${SUNDIAL_CHECK_KEYS:-}' &&
      environment.SUNDIAL_ADMIN_KEYS === '${SUNDIAL_ADMIN_KEYS:-}' &&
      /redis:\/\/:\$\$\(cat \/redis-secret\/password\)@/.test(started) &&
      !/requirepass|--user |ACL/i.test(text),
  ],
  [
    'redis takes its password from what was made',
    redis.command.startsWith('redis-server /redis-secret/redis.conf ') &&
      read('deploy/compose/make-secrets.sh').includes('"requirepass $(cat "$2/password")"'),
  ],
  ['sundial has the time that a stop takes, and some more', sundial.stop_grace_period === '15s'],
  ['redis does not see the keys', !redis.volumes.join().includes('keys:')],
  ['only sundial opens a port, of this machine only', all.every(({ ports = [] }) => ports.every(isLoopback))],
  ['no service can write to its root', all.every(({ read_only }) => read_only === true)],
  [
    'no service has capabilities',
    all.every(({ cap_drop, cap_add }) => cap_drop?.join() === 'ALL' && !cap_add),
  ],
  [
    'no service can get new privileges',
    all.every(({ security_opt }) => security_opt?.includes('no-new-privileges:true')),
  ],
  ['redis runs as its ordinary user', redis.user === 'redis'],
  ['images have exact versions', all.every(({ image, build }) => build || EXACT_IMAGE.test(image))],
  [
    'the image is built on exact versions',
    [...dockerfile.matchAll(/^FROM (\S+)/gm)].every(([, image = '']) => EXACT_IMAGE.test(image)),
  ],
  ['redis keeps an append-only file', redis.command.includes('--appendonly yes')],
  [
    'redis refuses writes rather than evict counters',
    redis.command.includes('--maxmemory-policy noeviction'),
  ],
  ['redis has a health check', redis.healthcheck.test.join(' ').includes('redis-cli ping')],
  [
    'both keep their data over a restart',
    [sundial, redis].every(({ volumes }) =>
      volumes.some((/** @type {string} */ name) => name.endsWith('-data:/data')),
    ),
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
