import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { ConfigurationError, readSettings } from './settings.js';

function errors(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.errors;
    throw error;
  }
  return [];
}

describe('readSettings', () => {
  it('runs on nothing: loopback, the embedded store and the sample rules', () => {
    const settings = readSettings({});
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      redis: undefined,
      deadlineMs: 50,
      checkKeys: [],
      adminKeys: [],
      unknownResource: 'allow',
      logLevel: 'info',
    });
    expect(existsSync(settings.rulesFile)).toBe(true);
  });

  it('takes an empty variable for an absent one', () => {
    expect(readSettings({ PORT: '', REDIS_URL: ' ', SUNDIAL_CHECK_KEYS: '' })).toEqual(readSettings({}));
  });

  it('splits lists and trims them, and keeps of keys their actors, roles and digests only: the name, or the position among all keys', () => {
    const { checkKeys, adminKeys } = readSettings({
      SUNDIAL_CHECK_KEYS: 'secret-of-16-chars, pupils=b',
      SUNDIAL_ADMIN_KEYS: `ci:admin=c, console:viewer=sha256:${'0A'.repeat(32)}, d, ops:operator=e`,
    });
    const digest = (secret: string) => createHash('sha256').update(secret).digest();
    expect(checkKeys).toEqual([
      { actor: 'key-1', digest: digest('secret-of-16-chars'), isShort: false },
      { actor: 'pupils', digest: digest('b'), isShort: true },
    ]);
    expect(adminKeys).toEqual([
      { actor: 'ci', role: 'admin', digest: digest('c'), isShort: true },
      { actor: 'console', role: 'viewer', digest: Buffer.alloc(32, 10), isShort: false },
      { actor: 'key-5', role: 'admin', digest: digest('d'), isShort: true },
      { actor: 'ops', role: 'operator', digest: digest('e'), isShort: true },
    ]);
  });

  it.each([
    ['SUNDIAL_CHECK_KEYS', 'd==', 'entry 1 has a secret of other than letters'],
    ['SUNDIAL_CHECK_KEYS', 'ok,abc=', 'entry 2 is empty'],
    ['SUNDIAL_CHECK_KEYS', 'Big=secret', 'entry 1 has a name before its = that is not'],
    ['SUNDIAL_CHECK_KEYS', 'app:admin=secret', 'entry 1 has a role: only admin keys have one'],
    ['SUNDIAL_CHECK_KEYS', 'app:viewer=secret', 'entry 1 has a role: only admin keys have one'],
    ['SUNDIAL_ADMIN_KEYS', 'app:boss=secret', 'entry 1 has a role that is none of viewer, operator, admin'],
    ['SUNDIAL_ADMIN_KEYS', 'app:=secret', 'entry 1 has a role that is none of'],
    ['SUNDIAL_ADMIN_KEYS', 'app:viewer:admin=secret', 'entry 1 has a role that is none of'],
    ['SUNDIAL_ADMIN_KEYS', 'sha256:beef', 'entry 1 has a sha256: that is not followed by 64'],
    ['SUNDIAL_ADMIN_KEYS', 'x'.repeat(257), 'entry 1 is longer than 256 characters'],
    ['SUNDIAL_ADMIN_KEYS', 'a=twice,b=twice', 'entry 2 is the same key as entry 1'],
    [
      'SUNDIAL_ADMIN_KEYS',
      'a=first,b=second,a=third',
      'entry 3 has the name of entry 1 of SUNDIAL_ADMIN_KEYS: give each key a name of its own',
    ],
    ['SUNDIAL_CHECK_KEYS', 'x,key-1=y', 'entry 2 has a name that stands for others in the log'],
    ['SUNDIAL_CHECK_KEYS', 'anonymous=y', 'entry 1 has a name that stands for others in the log'],
    ['SUNDIAL_ADMIN_KEYS', Array.from({ length: 101 }, (_, i) => `k${i}`).join(), 'holds 101 keys'],
    ['SUNDIAL_CHECK_KEYS_FILE', '/nowhere/keys', 'cannot be read \\(ENOENT\\)'],
  ])('says of %s=%s what is wrong with which of them', (name, value, what) => {
    expect(errors({ [name]: value })).toEqual([expect.stringMatching(`^${name}\\b.* must .*: ${what}`)]);
  });

  it('gives no two keys one name, whichever list they are in', () => {
    const env = { SUNDIAL_CHECK_KEYS: 'app=a', SUNDIAL_ADMIN_KEYS: 'ops=b,app=c' };
    expect(errors(env)).toEqual([
      expect.stringMatching(
        /^SUNDIAL_ADMIN_KEYS must .*: entry 2 has the name of entry 1 of SUNDIAL_CHECK_KEYS: /,
      ),
    ]);
    expect(errors({ ...env, SUNDIAL_CHECK_KEYS: 'app-1=a' })).toEqual([]);
  });

  it('wants keys of 16 characters where others can reach it, and says how many are shorter', () => {
    const env = {
      SUNDIAL_CHECK_KEYS: 'short,a=shorter,long-enough-for-all',
      SUNDIAL_ADMIN_KEYS: '0123456789abcdef',
    };
    expect(errors({ HOST: '0.0.0.0', ...env })).toEqual([
      expect.stringMatching(/^SUNDIAL_CHECK_KEYS must .*: 2 of them shorter than 16 characters/),
    ]);
    expect(errors(env)).toEqual([]);
    const digest = `sha256:${'0a'.repeat(32)}`;
    expect(errors({ HOST: '0.0.0.0', SUNDIAL_ADMIN_KEYS: digest })).toEqual([]);
  });

  it('takes the names it may be reached by only where there are keys', () => {
    const hosts = { SUNDIAL_ALLOWED_HOSTS: 'sundial.example, [::1],10.0.0.1' };
    const { allowedHosts } = readSettings({ ...hosts, SUNDIAL_CHECK_KEYS: 'x' });
    expect(allowedHosts).toEqual(['sundial.example', '[::1]', '10.0.0.1']);
    expect(errors(hosts)).toEqual([expect.stringMatching(/^SUNDIAL_ALLOWED_HOSTS goes with keys/)]);
    expect(errors({ SUNDIAL_ALLOWED_HOSTS: 'http://x', SUNDIAL_CHECK_KEYS: 'x' })).toHaveLength(1);
  });

  it.each([
    [
      'one server',
      { REDIS_URL: 'rediss://user:p%40ss@host:6380/2' },
      { kind: 'single', url: 'rediss://user:p%40ss@host:6380/2' },
    ],
    [
      'one server on a Unix socket',
      { REDIS_URL: 'unix://user:p%40ss@/run/redis.sock?db=2' },
      { kind: 'single', url: 'unix://user:p%40ss@/run/redis.sock?db=2' },
    ],
    [
      'a Cluster with credentials',
      { REDIS_CLUSTER_NODES: 'a:1, [::1]:2', REDIS_PASSWORD: 'p@ss', REDIS_TLS: 'true' },
      {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 1 },
          { host: '::1', port: 2 },
        ],
        url: 'rediss://:p%40ss@nodes',
      },
    ],
    [
      'a Sentinel group',
      { REDIS_SENTINELS: 's1:26379,s2:26379', REDIS_SENTINEL_NAME: 'main' },
      {
        kind: 'sentinel',
        name: 'main',
        sentinels: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 26379 },
        ],
      },
    ],
  ])('finds %s', (_what, env, target) => {
    expect(readSettings(env).redis).toEqual(target);
  });

  it.each([
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', '3000.5'],
    ['PORT', '0x50'],
    ['PORT', '1e3'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'redis://'],
    ['REDIS_URL', 'redis://a/production'],
    ['REDIS_URL', 'redis://a?keyPrefix=app:'],
    ['REDIS_URL', 'redis://a?db=3'],
    ['REDIS_URL', 'unix://redis.sock'],
    ['REDIS_URL', 'unix:///run/redis.sock?keyPrefix=app:'],
    ['REDIS_CLUSTER_NODES', 'a:1?keyPrefix=app:'],
    ['REDIS_CLUSTER_NODES', 'redis://a:1'],
    ['REDIS_CLUSTER_NODES', 'a'],
    ['REDIS_CLUSTER_NODES', 'a:0'],
    ['REDIS_CLUSTER_NODES', 'a:1,,b:2'],
    ['SUNDIAL_DEADLINE_MS', '0'],
    ['SUNDIAL_CHECK_KEYS', 'a,,b'],
    ['SUNDIAL_CHECK_KEYS', 'a b'],
    ['SUNDIAL_ADMIN_KEYS', 'schlüssel'],
    ['SUNDIAL_UNKNOWN_RESOURCE', 'Allow'],
    ['LOG_LEVEL', 'loud'],
  ])('refuses %s=%s in one sentence', (name, value) => {
    expect(errors({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}\\b.* must .+`))]);
  });

  it.each([
    ['two kinds of Redis', { REDIS_URL: 'redis://a', REDIS_CLUSTER_NODES: 'a:1' }],
    ['sentinels without a name', { REDIS_SENTINELS: 'a:1' }],
    ['a name without sentinels', { REDIS_SENTINEL_NAME: 'main' }],
    ['options of a sentinel', { REDIS_SENTINELS: 'a:1?keyPrefix=app:', REDIS_SENTINEL_NAME: 'main' }],
    ['a URL of a sentinel', { REDIS_SENTINELS: 'redis://a:1/3', REDIS_SENTINEL_NAME: 'main' }],
    ['credentials of sentinels without sentinels', { REDIS_SENTINEL_PASSWORD: 'x' }],
    ['credentials beside a URL', { REDIS_URL: 'redis://a', REDIS_PASSWORD: 'x' }],
    ['an open door: no keys on another host than loopback', { HOST: '0.0.0.0' }],
    ['an open door by name', { HOST: 'example.org' }],
    ['a host that is none', { HOST: 'a b', SUNDIAL_CHECK_KEYS: '0123456789abcdef' }],
    ['a name like a known one', { SUNDIAL_CHECKS_KEY: 'x' }],
  ])('refuses %s', (_what, env) => {
    expect(errors(env)).toHaveLength(1);
  });

  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('needs no keys on %s', (host) => {
    expect(errors({ HOST: host })).toEqual([]);
  });

  it.each([
    'SUNDIAL_SERVICE_HOST',
    'SUNDIAL_PORT',
    'SUNDIAL_PORT_3000_TCP',
    'REDIS_PORT',
    'REDIS_SERVICE_HOST',
  ])('leaves alone what a cluster sets by itself: %s', (name) => expect(errors({ [name]: 'x' })).toEqual([]));

  it('does not take a name for misspelt when the right one is there', () => {
    expect(errors({ REDIS_URI: 'x', REDIS_URL: 'redis://a' })).toEqual([]);
  });

  it('takes keys of receipts that can sign and verify, and says of each of the others what is wrong', async () => {
    const directory = await temporaryDirectory();
    const write = async (name: string, text: string | Buffer) => {
      const path = join(directory.path, name);
      await writeFile(path, text);
      return path;
    };
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signing = await write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const verifying = await write('old.jwk', JSON.stringify(publicKey.export({ format: 'jwk' })));
    const none = await write('none.pem', 'secret text');
    const settings = readSettings({ SUNDIAL_RECEIPT_KEY: `${signing}, ${verifying}` });
    expect(settings).toMatchObject({ receiptKeyFiles: [signing, verifying], receiptTtlMs: 600_000 });
    const [error] = errors({ SUNDIAL_RECEIPT_KEY: `${verifying},${none},/nowhere.pem` });
    expect(error).toContain(`${verifying} is no PEM and no JWK of such a key`);
    expect(error).toContain(
      `${none} is no PEM and no JWK of such a key; /nowhere.pem cannot be read (ENOENT)`,
    );
    expect(error).not.toContain('secret text');
    expect(errors({ SUNDIAL_RECEIPT_TTL_MS: '999' })).toEqual([
      'SUNDIAL_RECEIPT_TTL_MS=999 must be an integer from 1000 to 86400000',
    ]);
    await directory.remove();
  });

  it('shows no secret', () => {
    const env = {
      SUNDIAL_CHECK_KEYS: 'geh eim',
      SUNDIAL_ADMIN_KEYS: 'geh,,eim',
      REDIS_URL: 'http://geheim@x',
    };
    expect(errors(env)).toHaveLength(3);
    expect(errors(env).join()).not.toContain('geh');
  });
});
