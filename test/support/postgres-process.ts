import { spawnSync, type ChildProcess } from 'node:child_process';
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { findPostgres } from '../../scripts/find-postgres.mjs';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { exitOf, spawnGuarded } from './guarded-process.js';
import { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';

const START_LIMIT_MS = 20_000;
/** Each test has a database of its own, so nothing needs to survive a crash of the machine. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'shared_buffers=16MB',
  'max_connections=60',
  'autovacuum=off',
  'logging_collector=off',
];

/** The user that the server runs as: PostgreSQL refuses to run as root. */
interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** A real PostgreSQL server of its own, on its own port and directory, that can be frozen, killed and started again. */
export class PostgresProcess {
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #log = '';
  #databases = 0;

  private constructor(
    readonly port: number,
    private readonly bin: string,
    private readonly directory: TemporaryDirectory,
    private readonly user: ServerUser | undefined,
  ) {}

  /** Makes a cluster, starts its server and waits until it answers. */
  static async start(): Promise<PostgresProcess> {
    const bin = findPostgres();
    if (!bin) throw new Error('There is no PostgreSQL: run "node scripts/ensure-postgres.mjs".');
    const directory = await temporaryDirectory();
    const user = serverUser();
    if (user) await chown(directory.path, user.uid, user.gid);
    const postgres = new PostgresProcess(await freePort(), bin, directory, user);
    try {
      postgres.#initialize();
      await postgres.#launch();
    } catch (error) {
      await postgres.stop();
      throw error;
    }
    return postgres;
  }

  get url(): string {
    return this.urlOf('postgres');
  }

  urlOf(database: string): string {
    return `postgres://sundial@127.0.0.1:${this.port}/${database}`;
  }

  /** The address of a new, empty database. */
  async database(): Promise<string> {
    this.#databases += 1;
    const name = `test_${this.#databases}`;
    await this.query(`CREATE DATABASE ${name}`);
    return this.urlOf(name);
  }

  /** Runs statements as the superuser, on a connection of their own. */
  async query(text: string, url = this.url): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(text);
      return rows;
    } finally {
      await client.end();
    }
  }

  /** SIGSTOP of the server and of every process that serves a connection: sockets stay open and nothing is answered until `thaw`. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** Ends it at once, its connections with it, as a crash would. */
  async kill(): Promise<void> {
    if (this.#child === undefined) return;
    this.#signal('SIGKILL');
    await this.#exited;
  }

  /** Starts it again on the same port and directory. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#launch();
  }

  /** Ends it, frozen or not, and removes its directory. */
  async stop(): Promise<void> {
    await this.kill();
    await this.directory.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #data(): string {
    return join(this.directory.path, 'data');
  }

  /** The postmaster's children are in process groups of their own: each is signalled by its id. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child ?? {};
    if (pid === undefined || this.#child?.exitCode !== null || this.#child.signalCode !== null) return;
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
    const children = stdout.split('\n').map(Number).filter(Boolean);
    for (const id of [pid, ...children]) {
      try {
        process.kill(id, signal);
      } catch {
        // It ended meanwhile.
      }
    }
  }

  #initialize(): void {
    const { status, stderr, stdout } = spawnSync(
      join(this.bin, 'initdb'),
      ['-D', this.#data, '-U', 'sundial', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...this.user, encoding: 'utf8', cwd: this.directory.path, env: environment() },
    );
    if (status !== 0) throw new Error(`initdb ended with ${status}:\n${stdout}${stderr}`);
  }

  async #launch(): Promise<void> {
    const sockets = join(this.directory.path, 'sockets');
    await mkdir(sockets, { recursive: true });
    if (this.user) await chown(sockets, this.user.uid, this.user.gid);
    const args = [
      '-D',
      this.#data,
      '-p',
      String(this.port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-k',
      sockets,
    ];
    const child = spawnGuarded(
      join(this.bin, 'postgres'),
      [...args, ...SETTINGS.flatMap((setting) => ['-c', setting])],
      { ...this.user, cwd: this.directory.path, env: environment(), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#child = child;
    this.#log = '';
    child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    this.#exited = exitOf(child);
    const ended = () => child.exitCode !== null || child.signalCode !== null;
    const answers = () =>
      this.query('SELECT 1').then(
        () => true,
        () => false,
      );
    await eventually(async () => ended() || (await answers()), {
      withinMs: START_LIMIT_MS,
      everyMs: 20,
      what: `postgres on port ${this.port} answers`,
    });
    if (ended()) throw new Error(`postgres ended with ${child.exitCode ?? child.signalCode}:\n${this.#log}`);
  }
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LANG: 'C', LC_ALL: 'C' };
}

/** As root it runs as the user whom the package made, else as the caller. */
function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => {
    const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
    if (status !== 0) throw new Error('PostgreSQL does not run as root: there must be a user "postgres".');
    return Number(stdout);
  };
  return { uid: idOf('-u'), gid: idOf('-g') };
}
