import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, readSettings } from './settings.js';

function mistakes(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
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

  it('splits lists and trims them', () => {
    const { checkKeys, adminKeys } = readSettings({
      SUNDIAL_CHECK_KEYS: 'a, b ,c',
      SUNDIAL_ADMIN_KEYS: 'd==',
    });
    expect([checkKeys, adminKeys]).toEqual([['a', 'b', 'c'], ['d==']]);
  });

  it.each([
    [
      'one server',
      { REDIS_URL: 'rediss://user:p%40ss@host:6380/2' },
      { kind: 'single', url: 'rediss://user:p%40ss@host:6380/2' },
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
    expect(mistakes({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}\\b.* must .+`))]);
  });

  it.each([
    ['two kinds of Redis', { REDIS_URL: 'redis://a', REDIS_CLUSTER_NODES: 'a:1' }],
    ['sentinels without a name', { REDIS_SENTINELS: 'a:1' }],
    ['a name without sentinels', { REDIS_SENTINEL_NAME: 'main' }],
    ['credentials of sentinels without sentinels', { REDIS_SENTINEL_PASSWORD: 'x' }],
    ['credentials beside a URL', { REDIS_URL: 'redis://a', REDIS_PASSWORD: 'x' }],
    ['an open door: no keys on another host than loopback', { HOST: '0.0.0.0' }],
    ['an open door by name', { HOST: 'example.org' }],
    ['a host that is none', { HOST: 'a b', SUNDIAL_CHECK_KEYS: 'x' }],
    ['a name like a known one', { SUNDIAL_CHECKS_KEY: 'x' }],
  ])('refuses %s', (_what, env) => {
    expect(mistakes(env)).toHaveLength(1);
  });

  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('needs no keys on %s', (host) => {
    expect(mistakes({ HOST: host })).toEqual([]);
  });

  it.each([
    'SUNDIAL_SERVICE_HOST',
    'SUNDIAL_PORT',
    'SUNDIAL_PORT_3000_TCP',
    'REDIS_PORT',
    'REDIS_SERVICE_HOST',
  ])('leaves alone what a cluster sets by itself: %s', (name) =>
    expect(mistakes({ [name]: 'x' })).toEqual([]),
  );

  it('does not take a name for misspelt when the right one is there', () => {
    expect(mistakes({ REDIS_URI: 'x', REDIS_URL: 'redis://a' })).toEqual([]);
  });

  it('shows no secret', () => {
    const env = {
      SUNDIAL_CHECK_KEYS: 'geh eim',
      SUNDIAL_ADMIN_KEYS: 'geh,,eim',
      REDIS_URL: 'http://geheim@x',
    };
    expect(mistakes(env)).toHaveLength(3);
    expect(mistakes(env).join()).not.toContain('geh');
  });
});
