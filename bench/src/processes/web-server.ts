import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RULES_FILE } from '../subjects.js';
import { freePort, startNode, stop, until } from './child.js';

/** Sundial's service as it is deployed, and programs of `servers/` that answer the same request. */
const programs = {
  sundial: new URL('../../../apps/quota-service/dist/main.js', import.meta.url),
  inMemory: new URL('../servers/sundial-in-memory.js', import.meta.url),
  bareFastify: new URL('../servers/bare-fastify.js', import.meta.url),
  fastifyRateLimit: new URL('../servers/fastify-rate-limit.js', import.meta.url),
  nestThrottler: new URL('../servers/nest-throttler.js', import.meta.url),
};

/** Measures another build of the service, say that of the commit before. */
export function measureService(main: string): void {
  programs.sundial = pathToFileURL(main);
}

/** One that reads millions of operations takes seconds. */
const START_LIMIT = { limitMs: 60_000, pollMs: 5 };

const directories = new Set<string>();
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export interface JsonAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/** A server in a process of its own that answers `POST /check`. */
export class WebServer {
  #startMs = 0;

  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    readonly directory: string,
  ) {}

  /**
   * Starts a program on a Redis, or without one, and waits until it allows a check. It gets a data directory of its own,
   * filled as told, which goes with it.
   */
  static async start(
    program: keyof typeof programs,
    redisUrl?: string,
    settings: Readonly<Record<string, string>> = {},
    fill: (directory: string) => Promise<void> = async () => undefined,
  ): Promise<WebServer> {
    const port = await freePort();
    const directory = await mkdtemp(join(tmpdir(), 'sundial-bench-'));
    directories.add(directory);
    await fill(directory);
    const env = {
      PORT: String(port),
      ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
      SUNDIAL_DATA_DIR: directory,
      SUNDIAL_RULES_FILE: RULES_FILE,
      SUNDIAL_LAME_DUCK_MS: '0',
      ...settings,
    };
    const child = startNode(fileURLToPath(programs[program]), [], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const startedAt = performance.now();
    let printed = '';
    child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const server = new WebServer(port, child, directory);
    try {
      const gone = once(child, 'exit').then(([code]) => {
        throw new Error(`It ended with ${code}.`);
      });
      await Promise.race([until(`${program} to allow a check`, () => server.#allows(), START_LIMIT), gone]);
      server.#startMs = performance.now() - startedAt;
    } catch (cause) {
      await server[Symbol.asyncDispose]();
      throw new Error(`${program} did not start:\n${printed}`, { cause });
    }
    return server;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** From the start of its process to the first check that it allowed. */
  get startMs(): number {
    return this.#startMs;
  }

  /** What its files hold, in bytes. */
  async diskBytes(): Promise<number> {
    const names = await readdir(this.directory);
    const sizes = names.map(async (name) => (await stat(join(this.directory, name))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async fetchText(path: string): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port}${path}`)).text();
  }

  async fetchJson<T>(method: string, path: string, body?: unknown): Promise<JsonAnswer<T>> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    return { status: answer.status, body: (await answer.json()) as T };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.child);
    await rm(this.directory, { recursive: true, force: true });
    directories.delete(this.directory);
  }

  async #allows(): Promise<boolean> {
    const check = { resource: 'ocr', subject: { user: 'first' } };
    const { body } = await this.fetchJson<{ allowed: boolean; degraded?: object | null }>(
      'POST',
      '/check',
      check,
    );
    return body.allowed && !body.degraded;
  }
}
