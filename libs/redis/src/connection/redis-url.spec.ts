import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseRedisUrl, RedisUrlError } from './redis-url.js';

const SERVER = { at: { host: 'a', port: 6379 }, database: 0, isTls: false };
const SOCKET = { at: { path: '/run/redis.sock' }, database: 0, isTls: false };

describe('parseRedisUrl', () => {
  it.each([
    ['redis://a', SERVER],
    ['redis://a/', SERVER],
    ['REDIS://a:6379/0', SERVER],
    ['rediss://a.b-c_d:6380/15', { at: { host: 'a.b-c_d', port: 6380 }, database: 15, isTls: true }],
    ['redis://[::1]:7000', { ...SERVER, at: { host: '::1', port: 7000 } }],
    ['redis://:p@a', { ...SERVER, password: 'p' }],
    ['redis://@a', SERVER],
    ['redis://u:p%40:%2F@x@a/3', { ...SERVER, username: 'u', password: 'p@:/@x', database: 3 }],
    ['unix:///run/redis.sock', SOCKET],
    ['unix://u:p@/run/redis.sock?db=3', { ...SOCKET, username: 'u', password: 'p', database: 3 }],
    ['unix://:p@/run/my%20redis.sock', { ...SOCKET, at: { path: '/run/my redis.sock' }, password: 'p' }],
  ])('reads %s', (text, address) => expect(parseRedisUrl(text)).toEqual(address));

  it.each([
    ['a client option', 'redis://a?keyPrefix=app:', /^must have no options behind a \? \(keyPrefix\)/],
    ['another one', 'redis://a:1/2?family=6&tls=true', /\(family, tls\)/],
    ['an option without a name', 'redis://a/?', /^must have no options behind a \?:/],
    ['the database as an option', 'redis://a?db=3', /^must give the database as its path, .* not as \?db=3/],
    ['an option of a socket', 'unix:///run/r.sock?keyPrefix=app:', /\(keyPrefix\)/],
    ['an option beside the database of a socket', 'unix:///run/r.sock?db=1&path=/x', /\(db, path\)/],
    ['two databases', 'unix:///run/r.sock?db=1&db=2', /once/],
    ['a database that is none', 'unix:///run/r.sock?db=one', /number of the database/],
    ['no database', 'unix:///run/r.sock?db=', /number of the database/],
    ['a fragment', 'redis://a#b', /^must have no #/],
    ['a password with a raw #', 'redis://:x#y@a', /%23/],
    ['a password with a raw /', 'redis://u:x/y@a', /%2F/],
    ['a password with a raw ?', 'redis://u:x?y@a', /%3F/],
    ['a password with a raw %', 'redis://u:100%@a', /%25/],
    ['a user without a password', 'redis://u@a', /^must have a password beside its user/],
    ['no host', 'redis:///3', /^must name a host/],
    ['a port that is none', 'redis://a:70000', /port from 1 to 65535/],
    ['port 0', 'redis://a:0', /port from 1 to 65535/],
    ['a database with a name', 'redis://a/production', /number of the database/],
    ['a path of two parts', 'redis://a/3/4', /number of the database/],
    ['a relative socket', 'unix://run/redis.sock', /^must give the whole path/],
    ['a host of a socket', 'unix://localhost/run/redis.sock', /^must give the whole path/],
    ['no socket', 'unix:///', /^must give the whole path/],
    ['a directory', 'unix:///run/', /^must give the whole path/],
    ['a path that no system takes', `unix:///${'x'.repeat(103)}`, /103 bytes/],
    ['another scheme', 'http://a', /^must look like redis:/],
    ['no scheme', 'localhost:6379', /^must look like redis:/],
    ['a path alone', '/run/redis.sock?db=2', /^must look like redis:/],
    ['a port alone', '6379', /^must look like redis:/],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseRedisUrl(text)).toThrow(RedisUrlError);
    expect(() => parseRedisUrl(text)).toThrow(message);
  });

  it('gives back every user, password and path that is percent-encoded', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, text, fc.nat(99_999), (username, password, database) => {
        const who = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
        const expected = { username, password, database };
        expect(parseRedisUrl(`redis://${who}@a/${database}`)).toMatchObject(expected);
        expect(parseRedisUrl(`unix://${who}@/r.sock?db=${database}`)).toMatchObject(expected);
      }),
    );
  });

  it('says nothing of what may be a password', () => {
    const secret = fc.stringMatching(/^geheim[#?/%@:&=]{1,4}geheim$/);
    fc.assert(
      fc.property(secret, fc.constantFrom('redis://u:', 'rediss://:', 'unix://u:'), (password, start) => {
        for (const end of ['@a', '@/a', '@a?x=1']) {
          try {
            parseRedisUrl(start + password + end);
          } catch (error) {
            expect((error as Error).message).not.toContain('geheim');
          }
        }
      }),
    );
  });
});
