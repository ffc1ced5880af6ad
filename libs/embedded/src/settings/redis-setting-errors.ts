import type { RedisHost } from '@sundial/contract';
import { redisUrlError } from '@sundial/redis/without-driver';
import type { SettingError } from './quota-settings.error.js';

const FIELDS = {
  single: ['kind', 'url', 'ca'],
  sentinel: ['kind', 'sentinels', 'name', 'url', 'sentinelCredentials', 'ca'],
  cluster: ['kind', 'nodes', 'url', 'ca'],
} as const;

/** What is wrong with the settings of Redis. Values are not shown: a URL may carry a password. */
export function redisErrors(redis: unknown): SettingError[] {
  if (typeof redis !== 'object' || redis === null) {
    return [{ setting: 'redis', message: 'must be an object such as { url: "redis://127.0.0.1:6379" }' }];
  }
  const { kind = 'single' } = redis as { kind?: unknown };
  if (kind !== 'single' && kind !== 'sentinel' && kind !== 'cluster') {
    return [{ setting: 'redis.kind', value: kind, message: 'must be one of: single, sentinel, cluster' }];
  }
  const names: readonly string[] = FIELDS[kind];
  const unknown = Object.keys(redis)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      setting: `redis.${name}`,
      message: `is no setting of kind ${kind}; there are ${names.join(', ')}`,
    }));
  return [...unknown, ...validationErrorsOf(kind, redis)];
}

function validationErrorsOf(kind: keyof typeof FIELDS, redis: object): SettingError[] {
  const { url, sentinels, name, nodes } = redis as Readonly<Record<string, unknown>>;
  const badUrl = kind === 'single' || url !== undefined ? redisUrlError(url, kind) : undefined;
  const found: [boolean, SettingError][] = [
    [badUrl !== undefined, { setting: 'redis.url', message: badUrl ?? '' }],
    [
      kind === 'sentinel' && !areHosts(sentinels),
      { setting: 'redis.sentinels', message: 'must be a list such as [{ host: "10.0.0.1", port: 26379 }]' },
    ],
    [
      kind === 'sentinel' && (typeof name !== 'string' || name === ''),
      { setting: 'redis.name', message: 'must be the name of the master that the sentinels watch' },
    ],
    [
      kind === 'cluster' && !areHosts(nodes),
      { setting: 'redis.nodes', message: 'must be a list such as [{ host: "10.0.0.1", port: 6379 }]' },
    ],
  ];
  return found.filter(([isMade]) => isMade).map(([, error]) => error);
}

function areHosts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && (value as Partial<RedisHost>[]).every(isHost);
}

function isHost({ host, port }: Partial<RedisHost>): boolean {
  return typeof host === 'string' && host !== '' && Number.isInteger(port) && port! >= 1 && port! <= 65_535;
}
