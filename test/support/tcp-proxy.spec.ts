import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisProcess } from './redis-process.js';
import { TcpProxy } from './tcp-proxy.js';

describe('TcpProxy', () => {
  let redis: RedisProcess;
  let proxy: TcpProxy;
  const clients: Redis[] = [];
  beforeEach(async () => {
    redis = await RedisProcess.start();
    proxy = await TcpProxy.start(redis.port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    proxy.stop();
    await redis.stop();
  });

  const connect = () => {
    const client = new Redis({
      port: proxy.port,
      host: '127.0.0.1',
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disconnectTimeout: 10,
    });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  const within = <T>(ms: number, answer: Promise<T>) =>
    Promise.race([answer, new Promise<'silent'>((resolve) => setTimeout(resolve, ms, 'silent'))]);
  const timeOf = async (task: () => Promise<unknown>) => {
    const startedAt = performance.now();
    await task();
    return performance.now() - startedAt;
  };

  it('passes bytes on unchanged, also many of them', async () => {
    const client = connect();
    const value = 'x'.repeat(5_000_000);
    await client.set('big', value);
    expect(await client.get('big')).toBe(value);
  });

  it('delays replies by the latency asked for', async () => {
    const client = connect();
    await client.ping();
    proxy.latency(45);
    const rounds: number[] = [];
    for (let round = 0; round < 5; round += 1) rounds.push(await timeOf(() => client.ping()));
    expect(Math.min(...rounds)).toBeGreaterThanOrEqual(45);
    expect(Math.min(...rounds)).toBeLessThan(50);
  });

  it('delays requests and replies independently', async () => {
    const client = connect();
    await client.ping();
    proxy.latency(20, { direction: 'requests' });
    proxy.latency(30, { direction: 'replies' });
    expect(await timeOf(() => client.ping())).toBeGreaterThanOrEqual(50);
  });

  it('keeps the order of bytes whatever the jitter', async () => {
    const client = connect();
    await client.ping();
    proxy.latency(10, { jitterMs: 10 });
    const rounds = Array.from({ length: 100 }, (_, index) => index);
    const answers = await Promise.all(
      rounds.map(async (index) => {
        await new Promise((resolve) => setTimeout(resolve, index / 4));
        return client.echo(String(index));
      }),
    );
    expect(answers).toEqual(rounds.map(String));
  });

  it('leaves old and new connections open and silent in a black hole', async () => {
    const old = connect();
    await old.set('counter', 1);
    proxy.blackHole();
    const fresh = connect();
    expect(await within(50, old.incr('counter'))).toBe('silent');
    expect(await within(50, fresh.incr('counter'))).toBe('silent');
    expect(old.status).toBe('ready');
    expect(await redis.cli('GET', 'counter')).toBe('1');
  });

  it('keeps a black hole dark when the server dies behind it', async () => {
    const client = connect();
    await client.ping();
    redis.freeze();
    const unread = client.ping();
    expect(await within(20, unread)).toBe('silent');
    proxy.blackHole();
    await redis.kill();
    expect(await within(50, unread)).toBe('silent');
    expect(client.status).toBe('ready');
  });

  it('resets connections with a hole when it heals, and serves new ones', async () => {
    const client = connect();
    await client.ping();
    proxy.blackHole();
    const lost = client.ping();
    expect(await within(20, lost)).toBe('silent');
    await proxy.heal();
    await expect(lost).rejects.toThrow();
    expect(await connect().ping()).toBe('PONG');
  });

  it('lets commands through and keeps their replies when it drops replies', async () => {
    const client = connect();
    await client.set('counter', 1);
    proxy.dropReplies();
    expect(await within(50, client.incr('counter'))).toBe('silent');
    expect(await redis.cli('GET', 'counter')).toBe('2');
  });

  it('keeps commands back and lets replies through when it drops requests', async () => {
    const client = connect();
    await client.set('counter', 1);
    proxy.dropRequests();
    expect(await within(50, client.incr('counter'))).toBe('silent');
    expect(await redis.cli('GET', 'counter')).toBe('1');
  });

  it('leaves a stranded connection open and silent, and serves new ones', async () => {
    const old = connect();
    await old.set('counter', 1);
    proxy.strand();
    expect(await within(50, old.incr('counter'))).toBe('silent');
    expect(old.status).toBe('ready');
    expect(await connect().get('counter')).toBe('1');
  });

  it('lets replies through slowly, and whole', async () => {
    const client = connect();
    await client.set('word', 'x'.repeat(93));
    proxy.trickle(1_000);
    const tookMs = await timeOf(async () => expect(await client.get('word')).toBe('x'.repeat(93)));
    expect(tookMs).toBeGreaterThanOrEqual(90);
  });

  it('resets every connection and goes on accepting', async () => {
    const client = connect();
    await client.ping();
    const closed = new Promise((resolve) => client.once('end', resolve));
    proxy.reset();
    await closed;
    expect(await connect().ping()).toBe('PONG');
  });

  it('refuses new connections, keeps open ones, and listens again once healed', async () => {
    const open = connect();
    await open.ping();
    proxy.refuse();
    await expect(connect().ping()).rejects.toThrow();
    expect(await open.ping()).toBe('PONG');
    await proxy.heal();
    expect(await connect().ping()).toBe('PONG');
    expect(await open.ping()).toBe('PONG');
  });
});
