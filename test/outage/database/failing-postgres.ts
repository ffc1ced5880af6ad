import { execFileSync } from 'node:child_process';
import { chmod, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresProcess } from '../../support/postgres-process.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../support/temporary-directory.js';

export const FAULTS = ['frozen', 'killed', 'full', 'slow'] as const;
/**
 * `frozen`: SIGSTOP of the server. `killed`: SIGKILL, and it is started again. `full`: the disk of its tables has no room left, which wants a
 * user that may mount. `slow`: each answer takes 2 s more.
 */
export type Fault = (typeof FAULTS)[number];

const SLOW_MS = 2_000;
const DISK_BYTES = 1024 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;

/** A PostgreSQL that fails in one way when it is asked to. */
export class FailingPostgres {
  private constructor(
    private readonly fault: Fault,
    private readonly postgres: PostgresProcess,
    private readonly proxy: TcpProxy,
    private readonly database: string,
    private readonly disk: SmallDisk | undefined,
  ) {}

  static async start(fault: Fault): Promise<FailingPostgres> {
    const postgres = await PostgresProcess.start();
    const disk = fault === 'full' ? await SmallDisk.mount() : undefined;
    if (disk) await postgres.query(`CREATE TABLESPACE small LOCATION '${disk.path}'`);
    const database = await postgres.database();
    const name = new URL(database).pathname.slice(1);
    if (disk) await postgres.query(`ALTER DATABASE ${name} SET TABLESPACE small`);
    return new FailingPostgres(fault, postgres, await TcpProxy.start(postgres.port), database, disk);
  }

  /** By way of the proxy where that makes it slow. */
  get url(): string {
    if (this.fault !== 'slow') return this.database;
    const url = new URL(this.database);
    url.port = String(this.proxy.port);
    return url.href;
  }

  query(text: string): ReturnType<PostgresProcess['query']> {
    return this.postgres.query(text, this.database);
  }

  async fail(): Promise<void> {
    switch (this.fault) {
      case 'frozen':
        return this.postgres.freeze();
      case 'killed':
        return this.postgres.kill();
      case 'full':
        return this.disk!.fill();
      case 'slow':
        return this.proxy.latency(SLOW_MS);
      default:
        this.fault satisfies never;
    }
  }

  async heal(): Promise<void> {
    this.postgres.thaw();
    await this.proxy.heal();
    await this.disk?.empty();
    if (this.fault === 'killed') await this.postgres.restart();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.proxy.stop();
    await this.postgres.stop();
    await this.disk?.unmount();
  }
}

/** A file system in memory, and a file that takes what is left of it. */
class SmallDisk {
  private constructor(private readonly directory: TemporaryDirectory) {}

  static async mount(): Promise<SmallDisk> {
    const directory = await temporaryDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=777`, 'tmpfs', directory.path]);
    const disk = new SmallDisk(directory);
    execFileSync('install', ['-d', '-o', 'postgres', '-g', 'postgres', '-m', '700', disk.path]);
    // The way to it is passed by the server's user.
    await chmod(directory.path, 0o777);
    return disk;
  }

  get path(): string {
    return join(this.directory.path, 'tables');
  }

  get #ballast(): string {
    return join(this.directory.path, 'ballast');
  }

  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'w');
    const block = Buffer.alloc(BLOCK_BYTES);
    const { bavail, bsize } = await statfs(this.directory.path);
    try {
      for (let left = bavail * bsize; left > 0; left -= BLOCK_BYTES)
        await file.write(block, 0, Math.min(left, BLOCK_BYTES));
    } catch {
      // It is full.
    } finally {
      await file.close();
    }
  }

  async empty(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async unmount(): Promise<void> {
    execFileSync('umount', [this.directory.path]);
    await this.directory.remove();
  }
}
