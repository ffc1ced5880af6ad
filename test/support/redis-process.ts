import type { ChildProcess } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { findRedisServer } from '../../scripts/find-redis.mjs';
import type { Certificates } from './certificates.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { exitOf, spawnGuarded } from './guarded-process.js';
import { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';

export interface RedisProcessOptions {
  /** Further arguments of the server, e.g. `['--appendonly', 'yes']`; by default nothing is kept on disk. */
  readonly args?: readonly string[];
  readonly password?: string;
  /** Then it talks TLS and nothing else, to clients, replicas and the other nodes of a Cluster. */
  readonly tls?: Certificates;
  /** What INFO is called, where `args` rename it. */
  readonly info?: string;
  /** The text of a configuration file. The server may rewrite it, as Sentinels do, and finds it again when restarted. */
  readonly configuration?: string;
}

/** A Cluster node also listens on its port plus this. */
const BUS_OFFSET = 10_000;
const TRIES = 5;
const CONFIGURATION_FILE = 'server.conf';

/** It waits as long as the server is away, reconnects at once, and leaves no timer behind. */
const PATIENT = {
  lazyConnect: true,
  retryStrategy: (attempt: number) => Math.min(attempt * 5, 50),
  maxRetriesPerRequest: null,
  disconnectTimeout: 10,
} satisfies RedisOptions;
const START_LIMIT_MS = 10_000;

/** A real Redis server of its own, on its own port and directory, that can be frozen, killed and started again. */
export class RedisProcess {
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #log = '';
  /** A plain ioredis client of it, for assertions; while the server is away it waits. */
  readonly client: Redis;

  private constructor(
    readonly port: number,
    private readonly directory: TemporaryDirectory,
    private readonly options: RedisProcessOptions,
  ) {
    const { tls, info } = options;
    const enableReadyCheck = info === undefined;
    this.client = new Redis(this.url, { ...PATIENT, enableReadyCheck, ...(tls && { tls: { ca: tls.ca } }) });
    this.client.on('error', () => undefined);
  }

  /** Starts a server and waits until it answers. */
  static async start(options: RedisProcessOptions = {}): Promise<RedisProcess> {
    const directory = await temporaryDirectory();
    if (options.configuration !== undefined) {
      await writeFile(join(directory.path, CONFIGURATION_FILE), options.configuration);
    }
    for (let tries = 1; ; tries += 1) {
      const redis = new RedisProcess(await freePort(BUS_OFFSET), directory, options);
      try {
        await redis.#launch();
        return redis;
      } catch (error) {
        await redis.#end();
        if (tries < TRIES && redis.#log.includes('Address already in use')) continue;
        await directory.remove();
        throw error;
      }
    }
  }

  get url(): string {
    const { password, tls } = this.options;
    return `redis${tls ? 's' : ''}://${password ? `:${encodeURIComponent(password)}@` : ''}127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Sends one command; while the server is frozen it waits. */
  cli(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.client.call(command, ...args);
  }

  /** The bytes its data takes. */
  async usedBytes(): Promise<number> {
    return Number(await this.#fact('memory', /^used_memory:(\d+)/m));
  }

  async version(): Promise<string> {
    return (await this.#fact('server', /^(?:redis|valkey)_version:(\S+)/m)) ?? 'unknown';
  }

  /** SIGSTOP: connections stay open and nothing is answered until `thaw`. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** SIGKILL: what is not on disk is lost. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** Of a server that was killed: what it had written down is gone, and it will start without it. */
  async forget(): Promise<void> {
    for (const name of await readdir(this.directory.path)) {
      if (name !== CONFIGURATION_FILE) await rm(join(this.directory.path, name), { recursive: true });
    }
  }

  /** Starts it again on the same port and directory; one that still runs is shut down first. */
  async restart(): Promise<void> {
    this.thaw();
    this.#child?.kill('SIGTERM');
    await this.#exited;
    await this.#launch();
  }

  /** Ends it, frozen or not, and removes its directory. */
  async stop(): Promise<void> {
    await this.#end();
    await this.directory.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #fact(section: string, pattern: RegExp): Promise<string | undefined> {
    return pattern.exec(String(await this.cli(this.options.info ?? 'INFO', section)))?.[1];
  }

  async #end(): Promise<void> {
    await this.kill();
    if (this.client.status !== 'end') this.client.disconnect();
  }

  async #launch(): Promise<void> {
    const server = findRedisServer();
    if (!server) throw new Error('There is no Redis server: run "node scripts/ensure-redis.mjs".');
    const child = spawnGuarded(server, this.#arguments(), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#log = '';
    child.stdout?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    this.#exited = exitOf(child);
    const ended = () => child.exitCode !== null || child.signalCode !== null;
    // After a port clash another server might answer.
    const answers = async () =>
      String(await this.cli(this.options.info ?? 'INFO', 'server')).includes(`process_id:${child.pid}\r`);
    const untilEnd = this.#exited.then(() => true);
    await eventually(async () => ended() || (await Promise.race([answers(), untilEnd])), {
      withinMs: START_LIMIT_MS,
      everyMs: 5,
      what: `redis-server on port ${this.port} answers`,
    });
    if (ended()) throw new Error(`redis-server ended with ${await this.#exited}:\n${this.#log}`);
  }

  #arguments(): readonly string[] {
    const { args = [], password, tls, configuration } = this.options;
    const port = String(this.port);
    return [
      ...(configuration === undefined ? [] : [join(this.directory.path, CONFIGURATION_FILE)]),
      ...['--bind', '127.0.0.1', '--dir', this.directory.path, '--save', '', '--appendonly', 'no'],
      ...(tls ? tlsArguments(port, tls) : ['--port', port]),
      ...(password ? ['--requirepass', password] : []),
      ...args,
    ];
  }
}

function tlsArguments(port: string, { files }: Certificates): readonly string[] {
  return [
    ...['--port', '0', '--tls-port', port, '--tls-auth-clients', 'no'],
    ...['--tls-replication', 'yes', '--tls-cluster', 'yes'],
    ...['--tls-cert-file', files.certificate, '--tls-key-file', files.key, '--tls-ca-cert-file', files.ca],
  ];
}
