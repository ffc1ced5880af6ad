import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ServiceProcess, type JsonAnswer } from '../../../test/support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.js';
import { RULES_FILE } from '../load/subjects.js';
import { flagsFor } from './node-program.js';

/** Sundial's service as it is deployed, and programs of `servers/` that answer the same request. */
const programs = {
  sundial: new URL('../../../apps/quota-service/dist/bundle/main.js', import.meta.url),
  inMemory: new URL('../servers/sundial-in-memory.ts', import.meta.url),
  bareFastify: new URL('../servers/bare-fastify.ts', import.meta.url),
  fastifyRateLimit: new URL('../servers/fastify-rate-limit.ts', import.meta.url),
  nestThrottler: new URL('../servers/nest-throttler.ts', import.meta.url),
};

/** Measures another build of the service, say that of the commit before. */
export function measureService(main: string): void {
  programs.sundial = pathToFileURL(main);
}

/** As the service is started by `npm start` and in its image; the others get the same. */
const YOUNG_GENERATION = ['--max-semi-space-size=32'];

/** One that reads millions of operations takes seconds. */
const START_LIMIT_MS = 60_000;

/** A server in a process of its own that answers `POST /check`. */
export class WebServer {
  private constructor(
    private readonly service: ServiceProcess,
    private readonly data: TemporaryDirectory,
    /** From the start of its process to the first check that it allowed. */
    readonly startMs: number,
  ) {}

  /**
   * Starts a program on a Redis, or without one, and waits until it allows a check. It gets a data directory of its own,
   * filled by `fill`, which goes with it.
   */
  static async start(
    program: keyof typeof programs,
    redisUrl?: string,
    settings: Readonly<Record<string, string>> = {},
    fill: (directory: string) => Promise<void> = async () => undefined,
  ): Promise<WebServer> {
    const main = fileURLToPath(programs[program]);
    const data = await temporaryDirectory();
    await fill(data.path);
    const startedAt = performance.now();
    const service = await ServiceProcess.start({
      main,
      nodeFlags: [...YOUNG_GENERATION, ...flagsFor(main)],
      ignoresStdout: true,
      isReady: allows,
      startLimitMs: START_LIMIT_MS,
      env: {
        ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
        SUNDIAL_DATA_DIR: data.path,
        SUNDIAL_RULES_FILE: RULES_FILE,
        SUNDIAL_LAME_DUCK_MS: '0',
        // Measured by itself (the scenario `ledger`): peers record nothing.
        SUNDIAL_LEDGER: 'off',
        ...settings,
      },
    });
    return new WebServer(service, data, performance.now() - startedAt);
  }

  get port(): number {
    return Number(new URL(this.service.url).port);
  }

  get pid(): number {
    return this.service.pid;
  }

  get directory(): string {
    return this.data.path;
  }

  /** What its files hold, in bytes. */
  async diskBytes(): Promise<number> {
    const names = await readdir(this.directory);
    const sizes = names.map(async (name) => (await stat(join(this.directory, name))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async fetchText(path: string): Promise<string> {
    return (await fetch(new URL(path, this.service.url))).text();
  }

  async fetchJson<T>(method: string, path: string, body?: unknown): Promise<JsonAnswer & { body: T }> {
    return this.service.fetchJson(method, path, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.stop();
    await this.data.remove();
  }
}

async function allows(service: ServiceProcess): Promise<boolean> {
  const check = { resource: 'ocr', subject: { user: 'first' } };
  const { body } = await service.fetchJson('POST', '/check', check);
  return body.allowed && !body.degraded;
}
