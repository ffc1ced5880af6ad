import { writeFile } from 'node:fs/promises';
import { removeTemporaryDirectories } from '../../test/support/temporary-directory.js';
import { readOptions, type Options } from './options.js';
import { RedisProcess } from '../../test/support/redis-process.js';
import { machine } from './report/machine.js';
import { publish } from './report/publish.js';
import type { Row } from './report/row.js';
import { table } from './report/table.js';
import { FULL } from './scenarios/scenario.js';
import { brakes } from './scenarios/brakes.js';
import { business } from './scenarios/business.js';
import { client } from './scenarios/client.js';
import { receipts } from './scenarios/receipts.js';
import { degraded } from './scenarios/degraded.js';
import { embedded } from './scenarios/embedded.js';
import { engine } from './scenarios/engine.js';
import { ledger } from './scenarios/ledger.js';
import { holds } from './scenarios/holds.js';
import { http } from './scenarios/http.js';
import { isolation } from './scenarios/isolation.js';
import { memory } from './scenarios/memory.js';
import { batch } from './scenarios/batch.js';
import { overload } from './scenarios/overload.js';
import { midnight } from './scenarios/midnight.js';
import { rules } from './scenarios/rules.js';
import { settling } from './scenarios/settling.js';
import { measureService } from './processes/web-server.js';

/** `npm run bench`: see docs/performance.md. A missed budget is a finding and no failure; the exit code is about errors. */
const SCENARIOS = [
  http,
  engine,
  embedded,
  memory,
  degraded,
  settling,
  isolation,
  overload,
  batch,
  brakes,
  midnight,
  business,
  rules,
  client,
  holds,
  receipts,
  ledger,
];

process.once('exit', removeTemporaryDirectories);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  await bench(options());
} catch (error) {
  console.error(error);
  process.exit(1);
}

function options(): Options {
  const names = SCENARIOS.map(({ name }) => name);
  try {
    return readOptions(process.argv.slice(2), names);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

async function bench({ effort, only, service, out }: Options): Promise<void> {
  if (service !== undefined) measureService(service);
  const startedAt = new Date();
  const rows: Row[] = [];
  for (const scenario of SCENARIOS) {
    if (only !== undefined && scenario.name !== only) continue;
    console.error(`${scenario.name}: ${scenario.budget} …`);
    rows.push(...(await scenario.run(effort)));
  }
  const tookS = (Date.now() - startedAt.getTime()) / 1_000;
  const run = { startedAt, tookS, machine: machine(await redisVersion()), rows };
  console.log(`\n${run.machine}, ${Math.round(tookS)} s\n\n${table(rows)}`);
  if (out !== undefined) await writeFile(out, `${JSON.stringify(run, null, 2)}\n`);
  if (effort === FULL && only === undefined && service === undefined) await publish(run);
}

async function redisVersion(): Promise<string> {
  await using redis = await RedisProcess.start();
  // Awaited here: what is under way when the server is stopped is never answered.
  return await redis.version();
}
