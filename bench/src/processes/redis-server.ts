import type { ChildProcess } from 'node:child_process';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../../scripts/find-redis.mjs';
import { freePort, start, stop, until } from './child.js';

/** A Redis of its own on loopback, that keeps nothing on disk. */
export class RedisServer {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    readonly client: Redis,
  ) {}

  static async start(): Promise<RedisServer> {
    const path = findRedisServer();
    if (path === undefined) throw new Error('There is no Redis server: run "node scripts/ensure-redis.mjs".');
    const port = await freePort();
    const place = ['--port', String(port), '--bind', '127.0.0.1'];
    const child = start(path, [...place, '--save', '', '--appendonly', 'no']);
    const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    const server = new RedisServer(`redis://127.0.0.1:${port}`, child, client);
    await until('Redis', async () => (await client.ping()) === 'PONG');
    return server;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** SIGSTOP: connections stay open and nothing is answered until `thaw`. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** The bytes its data takes. */
  async usedBytes(): Promise<number> {
    const info = await this.client.info('memory');
    return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
  }

  async version(): Promise<string> {
    const info = await this.client.info('server');
    return /^(?:redis|valkey)_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    this.client.disconnect();
    await stop(this.child);
  }
}
