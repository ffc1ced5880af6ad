import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { throughput } from '../load/throughput.js';
import { latency } from '../load/latency.js';
import { interleaved } from '../load/interleaved.js';
import { startProgram } from '../processes/node-program.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import type { Row } from '../report/row.js';
import type { Effort, Scenario } from './scenario.js';
import { checkRequests, manyCheckRequests } from '../load/subjects.js';

const FILL = fileURLToPath(new URL('../servers/fill-embedded.ts', import.meta.url));
const CONNECTIONS = 64;
const LOAD = 0.5;
const MIB = 1024 * 1024;

/** The service with embedded counters: what keeping them costs, and how it does with a great many of them. */
export const embedded: Scenario = {
  name: 'embedded',
  budget:
    'with its log ≥ 0.9 × the throughput without, ≥ 1.0 × on Redis; p99.9 ≤ 25 ms at half load, restart ≤ 10 s with 1 M subjects and 5 M operations',
  async run(effort) {
    const rows: Row[] = [...(await keptOrNot(effort))];
    for (const operations of effort.kept.operations) rows.push(...(await withMany(effort, operations)));
    return rows;
  },
};

async function keptOrNot({ rounds, roundMs, warmUpMs }: Effort): Promise<readonly Row[]> {
  await using redis = await RedisProcess.start();
  await using kept = await WebServer.start('sundial');
  await using unkept = await WebServer.start('inMemory');
  await using onRedis = await WebServer.start('sundial', redis.url);
  const requests = checkRequests('ocr');
  const load =
    ({ port }: WebServer, durationMs: number) =>
    async () =>
      (await throughput({ port, requests, connections: CONNECTIONS, durationMs })).perSecond;
  const measures = (durationMs: number) => ({
    kept: load(kept, durationMs),
    unkept: load(unkept, durationMs),
    onRedis: load(onRedis, durationMs),
  });
  await interleaved(1, measures(warmUpMs));
  const results = await interleaved(rounds, measures(roundMs));
  const measure = 'POST /check, embedded with its log: throughput';
  return [
    {
      measure,
      unit: 'req/s',
      sundial: results.kept,
      against: { name: 'without a log', rounds: results.unkept },
      budget: { of: 'ratio', atLeast: 0.9 },
    },
    {
      measure,
      unit: 'req/s',
      sundial: results.kept,
      against: { name: 'on Redis', rounds: results.onRedis },
      budget: { of: 'ratio', atLeast: 1 },
    },
  ];
}

async function withMany(
  { kept, rounds, roundMs, warmUpMs }: Effort,
  operations: number,
): Promise<readonly Row[]> {
  const { subjects } = kept;
  const fill = async (directory: string) => {
    const filling = startProgram(FILL, [directory, String(subjects), String(operations)]);
    await once(filling, 'exit');
  };
  await using service = await WebServer.start('sundial', undefined, {}, fill);
  const diskMiB = (await service.diskBytes()) / MIB;
  const load = { port: service.port, requests: manyCheckRequests(subjects), connections: CONNECTIONS };
  const { perSecond } = await throughput({ ...load, durationMs: warmUpMs });
  const ratePerSecond = Math.round(LOAD * perSecond);
  const p999: number[] = [];
  for (let round = 0; round < rounds; round++)
    p999.push((await latency({ ...load, durationMs: roundMs, ratePerSecond })).p999);
  const memory = /^process_resident_memory_bytes (\S+)/m.exec(await service.fetchText('/metrics'))?.[1];
  const many = `embedded, ${inMillions(subjects)} M subjects and ${inMillions(operations)} M operations`;
  return [
    {
      measure: `${many}: p99.9 at half load`,
      unit: 'ms',
      sundial: p999,
      budget: { of: 'value', atMost: 25 },
    },
    {
      measure: `${many}: restart`,
      unit: 's',
      sundial: [service.startMs / 1_000],
      ...(operations <= 5_000_000 && { budget: { of: 'value', atMost: 10 } }),
    },
    { measure: `${many}: disk`, unit: 'MiB', sundial: [diskMiB] },
    { measure: `${many}: memory of the process`, unit: 'MiB', sundial: [Number(memory) / MIB] },
  ];
}

function inMillions(count: number): number {
  return count / 1_000_000;
}
