import { describe, expect, it } from '@jest/globals';
import { connectRedis, type RedisTarget } from './redis-connection.js';
import { RedisUrlError } from './redis-url.js';

const HOSTS = [{ host: '127.0.0.1', port: 1 }];

function targets(url: string): RedisTarget[] {
  return [
    { kind: 'single', url },
    { kind: 'sentinel', sentinels: HOSTS, name: 'main', url },
    { kind: 'cluster', nodes: HOSTS, url },
  ];
}

describe('connectRedis', () => {
  // `?keyPrefix=app:` let one node count under keys that the others did not look at.
  it.each(['?keyPrefix=app:', '?db=3', '/0?commandTimeout=1', '#x'])(
    'takes no option of a client, whatever kind of Redis it is for: %s',
    (rest) => {
      for (const target of targets(`redis://u:p@127.0.0.1${rest}`)) {
        expect(() => connectRedis(target, 'test')).toThrow(RedisUrlError);
      }
    },
  );

  it('is at a Unix socket only where it is one server', () => {
    for (const target of targets('unix:///run/redis.sock').slice(1)) {
      expect(() => connectRedis(target, 'test')).toThrow(/only one server/);
    }
  });

  it('names no database of a Cluster, which has none but 0', () => {
    expect(() => connectRedis(targets('redis://u:p@nodes/1')[2]!, 'test')).toThrow(/only 0/);
  });
});
