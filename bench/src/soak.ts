import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeTemporaryDirectories } from '../../test/support/temporary-directory.js';
import { throughput } from './load/throughput.js';
import { latency } from './load/latency.js';
import { SubjectRequests } from './load/subject-requests.js';
import { RedisProcess } from '../../test/support/redis-process.js';
import { WebServer } from './processes/web-server.js';
import { markdownTable } from './report/markdown-table.js';
import { metricSum } from './scenarios/metrics.js';

/**
 * `npm run soak -- --store redis`: the service at a steady part of what it can do, for half an hour, over a million
 * subjects. It decides on one core, so all it can do is what would keep it busy on one; requests that arrive evenly cost it
 * more each than those of callers that wait for each other. A line a minute: what callers waited, what was decided without the store, and what node, Redis and disk hold.
 * To keep several apart on one machine, start each with `taskset`: what it starts inherits the cores.
 */
const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'redis' },
    minutes: { type: 'string', default: '30' },
    subjects: { type: 'string', default: '1000000' },
    load: { type: 'string', default: '0.7' },
  },
});
const [minutes, subjects, load] = [values.minutes, values.subjects, values.load].map(Number) as [
  number,
  number,
  number,
];
if (!['redis', 'embedded'].includes(values.store) || ![minutes, subjects, load].every((value) => value > 0)) {
  console.error('npm run soak -- [--store redis|embedded] [--minutes 30] [--subjects 1000000] [--load 0.7]');
  process.exit(2);
}

process.once('exit', removeTemporaryDirectories);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const CONNECTIONS = 64;
const MINUTE_MS = 60_000;
const FILL_MS = 10_000;
/** Two: the second is at nearly the rate that is soaked. */
const CALIBRATIONS_MS = [10_000, 20_000];
const MIB = 1024 * 1024;
/** Of `/proc`, on every Linux. */
const TICK_MS = 10;

let ratePerSecond = 0;
await using redis = values.store === 'redis' ? await RedisProcess.start() : undefined;
await using service = await WebServer.start('sundial', redis?.url);
let generator = { port: service.port, requests: new SubjectRequests(subjects), connections: CONNECTIONS };
// Every subject has a counter first: an empty service can do more.
for (let asked = 0; asked < subjects;) {
  const { perSecond } = await throughput({ ...generator, durationMs: FILL_MS });
  const answered = Math.ceil((perSecond * FILL_MS) / 1_000);
  generator = { ...generator, requests: generator.requests.after(answered) };
  asked += answered;
  ratePerSecond = Math.round(perSecond / 2);
}
for (const durationMs of CALIBRATIONS_MS) {
  const before = await cpuMs(service.pid);
  await latency({ ...generator, durationMs, ratePerSecond });
  const busy = ((await cpuMs(service.pid)) - before) / durationMs;
  console.log(`${values.store}: ${ratePerSecond} checks/s take ${busy.toFixed(2)} of a core`);
  ratePerSecond = Math.round((load * ratePerSecond) / busy);
}
console.log(`soaked at ${ratePerSecond} checks/s`);

const rows: string[][] = [];
for (let minute = 1; minute <= minutes; minute++) {
  const { p50, p99, p999 } = await latency({ ...generator, durationMs: MINUTE_MS, ratePerSecond });
  generator = { ...generator, requests: generator.requests.after((ratePerSecond * MINUTE_MS) / 1_000) };
  const metrics = await service.fetchText('/metrics');
  const figures = [
    minute,
    ...[p50, p99, p999].map((ms) => ms.toFixed(1)),
    metricSum(metrics, 'sundial_degraded_decisions_total'),
    Math.round((await residentBytes(service.pid)) / MIB),
    redis ? Math.round((await redis.usedBytes()) / MIB) : '',
    Math.round((await service.diskBytes()) / MIB),
  ].map(String);
  rows.push(figures);
  console.log(figures.join('  '));
}
const titles = ['Minute', 'p50 ms', 'p99 ms', 'p99.9 ms', 'Degraded', 'Node MiB', 'Redis MiB', 'Disk MiB'];
console.log(
  `\n${markdownTable(
    titles.map((title) => ({ title, align: 'right' })),
    rows,
  )}`,
);

if (redis === undefined)
  console.log(`\nstarted again on what it had written: ${Math.round(await startAgain())} ms`);

/** As after `kill -9`: on the files as they are at some instant. */
async function startAgain(): Promise<number> {
  const copy = await mkdtemp(join(tmpdir(), 'sundial-soak-'));
  try {
    await cp(service.directory, copy, { recursive: true, filter: (path) => !path.endsWith('.lock') });
    const fill = (directory: string) => cp(copy, directory, { recursive: true });
    await using again = await WebServer.start('sundial', undefined, {}, fill);
    return again.startMs;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** User and system time of a process, all threads. Linux only. */
async function cpuMs(pid: number): Promise<number> {
  const afterName = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return TICK_MS * (Number(afterName[11]) + Number(afterName[12]));
}

/** Linux only. */
async function residentBytes(pid: number): Promise<number> {
  return 1_024 * Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
