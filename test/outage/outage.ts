import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';
import { exitOf, spawnGuarded } from '../support/guarded-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** What a caller's program is to do. */
export interface ClientOrder {
  readonly endpoints: readonly string[];
  readonly resource: string;
  readonly users: number;
  readonly ratePerSecond: number;
  readonly deadlineMs: number;
}

/** What it was answered. */
export interface ClientReport {
  readonly calls: number;
  readonly degraded: number;
  readonly longestMs: number;
  /** Calls that threw, or were refused. */
  readonly failures: readonly string[];
  /** What its callers were allowed in the end, by user. */
  readonly counted: Readonly<Record<string, number>>;
  /** What could not be delivered. */
  readonly pending: number;
  /** What became of the operations that no service decided. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface OutageOptions {
  /** Which endpoints are killed. */
  readonly away: 'one' | 'both';
  readonly awayMs: number;
  readonly aroundMs: number;
  readonly ratePerSecond: number;
  readonly deadlineMs: number;
  /** Where Sundial's Python client is installed; without it a third Node.js program takes its place. */
  readonly python?: string | undefined;
}

export interface Outage {
  readonly clients: readonly (ClientReport & { readonly name: string })[];
  /** Of all users: what was allowed, and what the counters say, used and held. */
  readonly allowed: number;
  readonly used: number;
  readonly reserved: number;
  /** Users whose counter is not what was allowed. */
  readonly wrong: readonly string[];
}

const USERS = 20;
/** On a machine that is busy with other tests. */
const START_LIMIT_MS = 60_000;
const RULE = { id: 'calls', resource: 'calls', per: ['user'], limits: [{ window: 'year', max: 1_000_000 }] };
const NODE_CLIENT = fileURLToPath(new URL('./node-client.ts', import.meta.url));
const RUN_TYPESCRIPT = fileURLToPath(new URL('../../scripts/run-typescript.mjs', import.meta.url));
const PYTHON_CLIENT = fileURLToPath(new URL('../../clients/python/tests/outage_client.py', import.meta.url));

/**
 * Two endpoints on one Redis, three programs that ask them all the time, and endpoints that are killed (kill -9) and started again.
 * Afterwards each program delivers its journal.
 */
export async function runOutage(options: OutageOptions): Promise<Outage> {
  await using redis = await RedisProcess.start();
  await using first = await Endpoint.start(redis.url);
  await using second = await Endpoint.start(redis.url);
  const nodes = [first, second];
  await first.service.fetchJson('POST', '/admin/rules', RULE);
  const order: ClientOrder = {
    endpoints: nodes.map(({ url }) => url),
    ...{ resource: RULE.resource, users: USERS, deadlineMs: options.deadlineMs },
    ratePerSecond: options.ratePerSecond / 3,
  };
  const node = [process.execPath, '--import', RUN_TYPESCRIPT, NODE_CLIENT];
  const third = options.python === undefined ? node : [options.python, PYTHON_CLIENT];
  const programs = [
    ['node 1', node],
    ['node 2', node],
    [options.python === undefined ? 'node 3' : 'python', third],
  ] as const;
  const running = programs.map(([name, command]) => ({ name, ...begin(command, order) }));
  await sleep(options.aroundMs);
  const killed = options.away === 'one' ? nodes.slice(0, 1) : nodes;
  await Promise.all(killed.map((each) => each.kill()));
  await sleep(options.awayMs);
  await Promise.all(killed.map((each) => each.restart()));
  await sleep(options.aroundMs);
  const clients = await Promise.all(running.map(async ({ name, end }) => ({ name, ...(await end()) })));
  return { clients, ...(await counted(second.service, clients)) };
}

/** A service that is started again where it was. */
class Endpoint {
  private constructor(
    private readonly env: Readonly<Record<string, string>>,
    private readonly removed: () => Promise<void>,
    public service: ServiceProcess,
  ) {}

  static async start(redisUrl: string): Promise<Endpoint> {
    const directory = await temporaryDirectory();
    const env = {
      ...{ PORT: String(await freePort()), SUNDIAL_DATA_DIR: directory.path, REDIS_URL: redisUrl },
      ...{ SUNDIAL_LAME_DUCK_MS: '0', LOG_LEVEL: 'warn' },
    };
    return new Endpoint(
      env,
      () => directory.remove(),
      await ServiceProcess.start({ env, startLimitMs: START_LIMIT_MS }),
    );
  }

  get url(): string {
    return this.service.url;
  }

  async kill(): Promise<void> {
    await this.service.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    this.service = await ServiceProcess.start({ env: this.env, startLimitMs: START_LIMIT_MS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.stop();
    await this.removed();
  }
}

function begin(
  [command = '', ...args]: readonly string[],
  order: ClientOrder,
): { end: () => Promise<ClientReport> } {
  const child = spawnGuarded(command, [...args, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exit = exitOf(child);
  const end = async () => {
    child.stdin?.end();
    if (child.stdout && !child.stdout.readableEnded) await once(child.stdout, 'end');
    const code = await exit;
    if (code !== 0) throw new Error(`${command} ended with ${code}`);
    return JSON.parse(text) as ClientReport;
  };
  return { end };
}

async function counted(
  service: ServiceProcess,
  clients: readonly ClientReport[],
): Promise<Omit<Outage, 'clients'>> {
  const sums = { allowed: 0, used: 0, reserved: 0 };
  const wrong: string[] = [];
  for (let n = 0; n < USERS; n++) {
    const user = `u${n}`;
    const { body } = await service.fetchJson('GET', `/usage?resource=${RULE.resource}&user=${user}`);
    const [{ used, reserved }] = body.limits as [{ used: number; reserved: number }];
    const allowed = clients.reduce((sum, client) => sum + (client.counted[user] ?? 0), 0);
    sums.allowed += allowed;
    sums.used += used;
    sums.reserved += reserved;
    if (used !== allowed || reserved !== 0)
      wrong.push(`${user}: ${allowed} allowed, ${used} used, ${reserved} held`);
  }
  return { ...sums, wrong };
}
