import { afterEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createCertificates } from './certificates.js';
import { RedisProcess, type RedisProcessOptions } from './redis-process.js';

describe('RedisProcess', () => {
  const started: RedisProcess[] = [];
  const start = async (options?: RedisProcessOptions) => {
    const redis = await RedisProcess.start(options);
    started.push(redis);
    return redis;
  };
  afterEach(() => Promise.all(started.splice(0).map((redis) => redis.stop())));

  const within = <T>(ms: number, answer: Promise<T>) =>
    Promise.race([answer, new Promise<'silent'>((resolve) => setTimeout(resolve, ms, 'silent'))]);

  it('is silent while frozen and answers what it was asked meanwhile once thawed', async () => {
    const redis = await start();
    redis.freeze();
    const answer = redis.cli('PING');
    expect(await within(50, answer)).toBe('silent');
    redis.thaw();
    expect(await answer).toBe('PONG');
  });

  it('comes back after a kill on the same port with what was on disk', async () => {
    const redis = await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const { port } = redis;
    await redis.cli('SET', 'kept', 'yes');
    await redis.kill();
    await redis.restart();
    expect(await redis.cli('GET', 'kept')).toBe('yes');
    expect(redis.port).toBe(port);
  });

  it('comes back without anything when it has forgotten what was on disk', async () => {
    const redis = await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    await redis.cli('SET', 'kept', 'yes');
    await redis.kill();
    await redis.forget();
    await redis.restart();
    expect(await redis.cli('GET', 'kept')).toBeNull();
  });

  it('asks for the password it was given', async () => {
    const redis = await start({ password: 'p@ss word' });
    expect(redis.url).toBe(`redis://:p%40ss%20word@127.0.0.1:${redis.port}`);
    expect(await redis.cli('PING')).toBe('PONG');
    expect(await redis.cli('CONFIG', 'GET', 'requirepass')).toEqual(['requirepass', 'p@ss word']);
  });

  it('talks TLS only, to those who trust its authority', async () => {
    const tls = await createCertificates();
    const redis = await start({ tls });
    expect(redis.url).toBe(`rediss://127.0.0.1:${redis.port}`);
    expect(await redis.cli('PING')).toBe('PONG');
    const stranger = new Redis(redis.url, { retryStrategy: () => null });
    const error = await new Promise((resolve) => stranger.on('error', resolve));
    expect(String(error)).toMatch(/unable to verify|self-signed/);
    await tls.remove();
  });

  it('stops while frozen', async () => {
    const redis = await start();
    redis.freeze();
    await redis.stop();
  });

  it('says why a server did not start', async () => {
    await expect(start({ args: ['--no-such-option', '1'] })).rejects.toThrow(
      /ended with 1:[^]*no-such-option/,
    );
  });
});
