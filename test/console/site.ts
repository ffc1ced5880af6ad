import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

/** A role's name and its key, as `SUNDIAL_ADMIN_KEYS` has it. */
export type Keys = Readonly<Record<string, { readonly role: string; readonly key: string }>>;

/** Three processes begin at once, on a machine that may be busy. */
const START_LIMIT_MS = 60_000;

/** As in production: three nodes that share a Redis and record in a PostgreSQL. */
export class Site {
  private constructor(
    readonly redis: RedisProcess,
    readonly postgres: PostgresProcess,
    readonly nodes: readonly ServiceProcess[],
    /** The database that they record in. */
    readonly ledgerUrl: string,
    private readonly key: string,
  ) {}

  static async start(keys: Keys, env: Readonly<Record<string, string>> = {}): Promise<Site> {
    const [redis, postgres] = await Promise.all([RedisProcess.start(), PostgresProcess.start()]);
    const ledgerUrl = await postgres.database();
    const settings = {
      REDIS_URL: redis.url,
      SUNDIAL_LEDGER_URL: ledgerUrl,
      SUNDIAL_ADMIN_KEYS: Object.entries(keys)
        .map(([name, { role, key }]) => `${name}:${role}=${key}`)
        .join(),
      LOG_LEVEL: 'warn',
      ...env,
    };
    const start = (name: string) =>
      ServiceProcess.start({ env: { ...settings, SUNDIAL_NODE_NAME: name }, startLimitMs: START_LIMIT_MS });
    // One first, which makes the tables.
    const nodes = [await start('node-a'), ...(await Promise.all([start('node-b'), start('node-c')]))];
    const admin = Object.values(keys).find(({ role }) => role === 'admin')!;
    return new Site(redis, postgres, nodes, ledgerUrl, admin.key);
  }

  get url(): string {
    return this.nodes[0]!.url;
  }

  /** By one of its nodes, with the key of an admin unless another is given. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    { node = 0, key = this.key }: { node?: number; key?: string } = {},
  ) {
    const answer = await this.nodes[node]!.fetchJson(method, path, body, { authorization: `Bearer ${key}` });
    if (answer.status < 400) return answer;
    throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Promise.all([this.redis.stop(), this.postgres.stop()]);
  }
}
