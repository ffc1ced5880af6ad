import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { endProcess, exitOf, spawnGuarded } from './guarded-process.js';
import { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';

export interface ServiceProcessOptions {
  /** The service's settings. Nothing is inherited but PATH; port and data directory are its own unless named here. */
  readonly env?: Readonly<Record<string, string>>;
  /** How far ahead the process's wall clock runs; behind when negative. */
  readonly shiftedClockMs?: number;
  /** Modules that are loaded into the process before the service. */
  readonly preload?: readonly URL[];
  /** The program; default: the built service of this repository. */
  readonly main?: string;
  /** Further flags of its Node process. */
  readonly nodeFlags?: readonly string[];
  /** A service that is measured prints into nothing: reading it would take the measurer's time. */
  readonly ignoresStdout?: boolean;
  /** What `start` waits for, and how long; default: that it is live. */
  readonly isReady?: (service: ServiceProcess) => Promise<boolean>;
  readonly startLimitMs?: number;
  /** No file it writes can become larger: a full disk that needs no disk of its own. */
  readonly maxFileBytes?: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; undefined when there is none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  readonly body: any;
}

const MAIN = fileURLToPath(new URL('../../apps/quota-service/dist/bundle/main.js', import.meta.url));
const SHIFTED_CLOCK = new URL('./shifted-clock.mjs', import.meta.url).href;
const START_LIMIT_MS = 15_000;
const POLL_MS = 25;
const STOP_LIMIT_MS = 15_000;

/** The built service as its users run it: a Node process of its own, on its own port and data directory. */
export class ServiceProcess {
  #stdout = '';
  #stderr = '';
  /** What it ended with: its exit code, or the signal that killed it. */
  readonly exit: Promise<number | NodeJS.Signals>;

  private constructor(
    readonly url: string,
    readonly dataDirectory: string,
    private readonly temporary: TemporaryDirectory,
    private readonly child: ChildProcess,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.exit = exitOf(child);
  }

  /** Starts a service and waits until it is live. */
  static async start(options: ServiceProcessOptions = {}): Promise<ServiceProcess> {
    const service = await ServiceProcess.launch(options);
    try {
      await service.#ready(options);
      return service;
    } catch (error) {
      await service.stop('SIGKILL');
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`The service did not start: ${why}\n${service.output}`, { cause: error });
    }
  }

  /** Starts a service and does not wait: for one that is expected to end by itself (`exit`). */
  static async launch({
    env = {},
    shiftedClockMs,
    preload = [],
    main = MAIN,
    nodeFlags = [],
    ignoresStdout = false,
    maxFileBytes,
  }: ServiceProcessOptions = {}): Promise<ServiceProcess> {
    const temporary = await temporaryDirectory();
    const settings = { PORT: String(await freePort()), SUNDIAL_DATA_DIR: temporary.path, ...env };
    const shifted = shiftedClockMs !== undefined;
    const modules = [...(shifted ? [SHIFTED_CLOCK] : []), ...preload.map(({ href }) => href)];
    const flags = [...nodeFlags, ...modules.flatMap((module) => ['--import', module])];
    const node = [process.execPath, ...flags, main];
    const [command = '', ...args] = maxFileBytes === undefined ? node : limited(maxFileBytes, node);
    const child = spawnGuarded(command, args, {
      stdio: ['ignore', ignoresStdout ? 'ignore' : 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        ...(shifted && { SHIFTED_CLOCK_MS: String(shiftedClockMs) }),
        ...settings,
      },
    });
    return new ServiceProcess(
      `http://127.0.0.1:${settings.PORT}`,
      settings.SUNDIAL_DATA_DIR,
      temporary,
      child,
    );
  }

  get pid(): number {
    return this.child.pid!;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** All it printed, for messages of failed tests. */
  get output(): string {
    return `${this.#stdout}${this.#stderr}`;
  }

  /** One request with a JSON body and a JSON answer, e.g. `fetchJson('POST', '/check', { … })`. */
  async fetchJson(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<JsonAnswer> {
    const answer = await fetch(new URL(path, this.url), {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : undefined };
  }

  /** SIGSTOP: connections stay open and nothing is answered until `thaw`. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Asks it to end, by SIGTERM unless `signal` names another, and gives what it ended with. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    const exit = await endProcess(this.child, { signal, withinMs: STOP_LIMIT_MS });
    await this.temporary.remove();
    return exit;
  }

  async #ready({ isReady = isLive, startLimitMs = START_LIMIT_MS }: ServiceProcessOptions): Promise<void> {
    const ended = () => this.child.exitCode !== null || this.child.signalCode !== null;
    await eventually(async () => ended() || (await isReady(this)), {
      withinMs: startLimitMs,
      everyMs: POLL_MS,
      what: `the service (process ${this.pid}) is ready`,
    });
    if (ended()) throw new Error(`It ended with ${await this.exit}.`);
  }
}

async function isLive(service: ServiceProcess): Promise<boolean> {
  return (await service.fetchJson('GET', '/health/live')).status === 200;
}

/** POSIX counts in blocks of 512 bytes. */
function limited(maxFileBytes: number, command: readonly string[]): string[] {
  return ['sh', '-c', `ulimit -f ${Math.floor(maxFileBytes / 512)}; exec "$0" "$@"`, ...command];
}
