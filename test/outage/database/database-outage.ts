import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.js';
import { exitOf, spawnGuarded } from '../../support/guarded-process.js';
import { RedisProcess } from '../../support/redis-process.js';
import { ServiceProcess } from '../../support/service-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { FailingPostgres, type Fault } from './failing-postgres.js';

/** What the process that makes checks is to do. */
export interface LoadOrder {
  readonly port: number;
  readonly resource: string;
  readonly users: number;
  readonly ratePerSecond: number;
  readonly durationMs: number;
}

export interface Load {
  readonly decided: number;
  /** Of the decided ones: without the store. */
  readonly degraded: number;
  /** Why others were not decided, and how many. */
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds from when a check was due. */
  readonly p50: number;
  readonly p99: number;
}

export interface DatabaseOutageOptions {
  readonly fault: Fault;
  readonly rounds: number;
  readonly ratePerSecond: number;
  readonly healthyMs: number;
  readonly faultMs: number;
}

export interface DatabaseOutage {
  readonly rounds: readonly { readonly healthy: Load; readonly faulty: Load }[];
  /** Decisions that were answered, those that are rows, and those that gaps count. */
  readonly decided: number;
  readonly rows: number;
  readonly inGaps: number;
  readonly gaps: readonly { readonly cause: string; readonly count: number }[];
}

const RESOURCE = 'calls';
const RULE = { id: RESOURCE, resource: RESOURCE, per: ['user'], limits: [{ window: 'year', max: 1e9 }] };
const USERS = 1_000;
/** Until the queue of a node is written after an outage. */
const DRAIN_LIMIT_MS = 60_000;
const START_LIMIT_MS = 60_000;
const [LOAD, RUN_TYPESCRIPT] = ['./load.ts', '../../../scripts/run-typescript.mjs'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
) as [string, string];

/**
 * A service on Redis and PostgreSQL under an even load, in rounds: with a healthy database, then with one that fails. In the end every
 * decision must be a row of the ledger, or counted in a gap.
 */
export async function runDatabaseOutage(options: DatabaseOutageOptions): Promise<DatabaseOutage> {
  await using redis = await RedisProcess.start();
  await using postgres = await FailingPostgres.start(options.fault);
  const files = await temporaryDirectory();
  const alarms = join(files.path, 'alarms.yaml');
  // Alarms would be events, too.
  await writeFile(alarms, 'patterns: []\n');
  const env = {
    ...{ REDIS_URL: redis.url, SUNDIAL_LEDGER_URL: postgres.url, SUNDIAL_ALARMS_FILE: alarms },
    ...{
      LOG_LEVEL: 'error',
      SUNDIAL_DEADLINE_MS: '5000',
      SUNDIAL_LAME_DUCK_MS: '0',
      SUNDIAL_NODE_NAME: 'node',
    },
  };
  const service = await ServiceProcess.start({ env, startLimitMs: START_LIMIT_MS, ignoresStdout: true });
  try {
    await service.fetchJson('POST', '/admin/rules', RULE);
    const load = (durationMs: number) => loaded(service, options.ratePerSecond, durationMs);
    const warmUp = await load(options.healthyMs);
    const rounds = [];
    for (let round = 0; round < options.rounds; round++) {
      const healthy = await load(options.healthyMs);
      await postgres.fail();
      const faulty = await load(options.faultMs).finally(() => postgres.heal());
      await drained(service);
      rounds.push({ healthy, faulty });
    }
    const loads = [warmUp, ...rounds.flatMap(({ healthy, faulty }) => [healthy, faulty])];
    const decided = loads.reduce((sum, each) => sum + each.decided, 0);
    return { rounds, decided, ...(await accountOf(service, postgres)) };
  } finally {
    await service.stop('SIGKILL');
    await files.remove();
  }
}

async function loaded(service: ServiceProcess, ratePerSecond: number, durationMs: number): Promise<Load> {
  const order: LoadOrder = {
    ...{ port: Number(new URL(service.url).port), resource: RESOURCE, users: USERS },
    ...{ ratePerSecond, durationMs },
  };
  const child = spawnGuarded(process.execPath, ['--import', RUN_TYPESCRIPT, LOAD, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exit = exitOf(child);
  if (child.stdout && !child.stdout.readableEnded) await once(child.stdout, 'end');
  const code = await exit;
  if (code !== 0) throw new Error(`the load ended with ${code}`);
  return JSON.parse(text) as Load;
}

/** All that waits is written, and the gap with it. */
async function drained(service: ServiceProcess): Promise<void> {
  await eventually(
    async () => {
      const { status, body } = await service.fetchJson('GET', '/admin/ledger?limit=1');
      return status === 200 && body.queued === 0;
    },
    { withinMs: DRAIN_LIMIT_MS, everyMs: 100, what: 'the queue of the ledger is written' },
  );
  await sleep(1_000);
}

async function accountOf(
  service: ServiceProcess,
  postgres: FailingPostgres,
): Promise<Pick<DatabaseOutage, 'rows' | 'inGaps' | 'gaps'>> {
  const [counted] = await postgres.query(
    `SELECT count(*) AS rows FROM ledger_events e JOIN ledger_facets f ON f.id = e.facet WHERE f.kind = 'check'`,
  );
  const { body } = await service.fetchJson('GET', '/admin/ledger?limit=1000');
  const gaps = (body.gaps as { readonly outcome: string; readonly count: number }[]).map(
    ({ outcome: cause, count }) => ({ cause, count }),
  );
  const inGaps = gaps.reduce((sum, { count }) => sum + count, 0);
  return { rows: Number(counted?.['rows']), inGaps, gaps };
}
