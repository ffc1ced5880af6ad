import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machine } from '../../../bench/src/report/machine.js';
import { putIntoManual } from '../../../bench/src/report/manual.js';
import { RedisProcess } from '../../support/redis-process.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../../support/temporary-directory.js';
import { FAULT_NAMES, run, type Campaign } from './campaign.js';
import { HistoryFile } from '../harness/history.js';
import { readPlan, usage, type Plan } from './options.js';
import { isInTime, rowsOf, table } from './table.js';

/** `npm run chaos`: see docs/chaos.md. The exit code is 1 when a promise was violated, 2 when the arguments are invalid. */
const MANUAL = new URL('../../../docs/chaos.md', import.meta.url);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    removeTemporaryDirectories();
    process.exit(1);
  });
}
if (process.argv.includes('--help')) {
  console.log(usage(FAULT_NAMES));
  process.exit(0);
}
const plan = planned();
const directory = await temporaryDirectory();
const history = new HistoryFile(join(directory.path, 'history.ndjson'));
const campaign = await run(plan, (line) => console.error(line), history);
await history.close();
await report(plan, campaign);
if (campaign.stories.length === 0) await directory.remove();
else console.error(`All answers to callers: ${history.path}`);
// Connections that a fault left half-open would keep the process.
process.exit(process.exitCode ?? 0);

function planned(): Plan {
  try {
    return readPlan(process.argv.slice(2), FAULT_NAMES);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

async function report(
  { seeds, out, publishes }: Plan,
  { findings, stories, leftOut, ...figures }: Campaign,
): Promise<void> {
  const rows = rowsOf(findings);
  const date = new Date().toISOString().slice(0, 10);
  const { stalledP999Ms, tookS } = figures;
  const late = rows.every(isInTime) ? '' : '\nIn bold: later than promised.\n';
  const text = `Run ${date} in ${Math.round(tookS / 60)} min on ${machine(await redisVersion())}. Seeds ${seeds[0]} to ${seeds.at(-1)}; the caller's own event loop was late by ${stalledP999Ms.toFixed(1)} ms (p99.9).

${table(rows)}
${late}${leftOut.map((line) => `\n${line}\n`).join('')}`;
  console.log(`\n${text}`);
  for (const story of stories) console.log(`${story}\n`);
  if (out !== undefined) await writeFile(out, text);
  if (publishes) await putIntoManual(MANUAL, text);
  if (stories.length > 0 || leftOut.length > 0 || late !== '') process.exitCode = 1;
}

async function redisVersion(): Promise<string> {
  await using redis = await RedisProcess.start();
  // Awaited here: what is under way when the server is stopped is never answered.
  return await redis.version();
}
