import { performance } from 'node:perf_hooks';
import { QuotaClient } from '@sundial/client';
import { closedLoop } from '../../../test/support/closed-loop.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { hasWrk, wrk } from '../load/wrk.js';
import { cpuSecondsOf } from '../processes/cpu-time.js';
import { WebServer } from '../processes/web-server.js';
import type { Row } from '../report/row.js';
import type { Scenario } from './scenario.js';
import { userAt } from '../load/subjects.js';

const CALLERS = 256;
/** Long enough that the slower of the two is measured, and not its fallback. */
const DEADLINE_MS = 2_000;

interface Measured {
  readonly perSecond: number;
  readonly degraded: number;
}

/** Checks a second of one core. */
interface PerCore {
  /** Of caller, service and Redis together. */
  readonly all: number;
  /** Of service and Redis. */
  readonly service: number;
  /** Of the caller alone. */
  readonly caller: number;
}

interface Alone {
  readonly aloneMs: number;
  readonly bareMs: number;
}

interface Round extends Alone {
  readonly merged: Measured;
  readonly single: Measured;
  readonly clientPerCore: PerCore;
  /** Absent where the machine has no wrk. */
  readonly wrkPerCore: PerCore | undefined;
}

/** A program of 256 callers at once, and one service: what sharing requests is worth. */
export const client: Scenario = {
  name: 'client',
  budget:
    'merged checks ≥ 4 × single ones, none decided by the fallback; per core second ≥ 2 × single checks of wrk',
  async run({ rounds, roundMs, warmUpMs }) {
    await using redis = await RedisProcess.start();
    await using service = await WebServer.start('sundial', redis.url);
    const options = { url: `http://127.0.0.1:${service.port}`, deadlineMs: DEADLINE_MS };
    const merging = new QuotaClient(options);
    const single = new QuotaClient({ ...options, merge: false });
    await measured(merging, warmUpMs);
    await measured(single, warmUpMs);
    const others = [service.pid, redis.pid];
    const results: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const [merged, clientPerCore] = await perCore(others, () => mergedRun(merging, roundMs));
      const [, wrkPerCore] = hasWrk() ? await perCore(others, () => wrkRun(service.port, roundMs)) : [];
      results.push({
        merged,
        clientPerCore,
        wrkPerCore,
        single: await measured(single, roundMs),
        ...(await oneByOne(merging, single, roundMs)),
      });
    }
    await Promise.all([merging.close(), single.close()]);
    return [
      {
        measure: `QuotaClient.check, ${CALLERS} callers`,
        unit: 'checks/s',
        sundial: results.map(({ merged }) => merged.perSecond),
        against: { name: 'merge: false', rounds: results.map((each) => each.single.perSecond) },
        budget: { of: 'ratio', atLeast: 4 },
      },
      ...againstWrk(results),
      {
        measure: 'QuotaClient.check, one caller: mean',
        unit: 'ms',
        sundial: results.map(({ aloneMs }) => aloneMs),
        against: { name: 'merge: false', rounds: results.map(({ bareMs }) => bareMs) },
      },
      {
        measure: 'QuotaClient.check decided by the fallback',
        unit: 'checks',
        sundial: results.map(({ merged }) => merged.degraded),
        budget: { of: 'value', atMost: 0 },
      },
    ];
  },
};

function againstWrk(results: readonly Round[]): Row[] {
  const wrks = results.flatMap(({ wrkPerCore }) => wrkPerCore ?? []);
  if (wrks.length < results.length) return [];
  const row = (of: keyof PerCore): Pick<Row, 'unit' | 'sundial' | 'against'> => ({
    unit: 'checks/core-s',
    sundial: results.map(({ clientPerCore }) => clientPerCore[of]),
    against: { name: 'wrk, single checks', rounds: wrks.map((each) => each[of]) },
  });
  return [
    {
      measure: 'QuotaClient.check: caller, service and Redis together',
      ...row('all'),
      budget: { of: 'ratio', atLeast: 2 },
    },
    {
      measure: 'QuotaClient.check: service and Redis',
      ...row('service'),
      budget: { of: 'ratio', atLeast: 2 },
    },
    { measure: 'QuotaClient.check: the caller alone', ...row('caller') },
  ];
}

interface CountedRun {
  readonly measured: Measured;
  readonly checks: number;
  /** Of the caller. */
  readonly cpuSeconds: number;
}

async function mergedRun(quota: QuotaClient, durationMs: number): Promise<CountedRun> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const run = await measured(quota, durationMs);
  const { user, system } = process.cpuUsage(cpu);
  const checks = (run.perSecond * (performance.now() - startedAt)) / 1_000;
  return { measured: run, checks, cpuSeconds: (user + system) / 1e6 };
}

async function wrkRun(port: number, durationMs: number): Promise<CountedRun> {
  const seconds = Math.max(1, Math.round(durationMs / 1_000));
  const { perSecond, cpuSeconds } = await wrk(port, CALLERS, durationMs);
  return { measured: { perSecond, degraded: 0 }, checks: perSecond * seconds, cpuSeconds };
}

async function perCore(
  others: readonly number[],
  run: () => Promise<CountedRun>,
): Promise<[Measured, PerCore]> {
  const taken = () => others.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  const before = taken();
  const { measured: what, checks, cpuSeconds } = await run();
  const service = taken() - before;
  const perSecond = (seconds: number) => checks / seconds;
  const all = perSecond(cpuSeconds + service);
  return [what, { all, service: perSecond(service), caller: perSecond(cpuSeconds) }];
}

async function measured(quota: QuotaClient, durationMs: number): Promise<Measured> {
  let degraded = 0;
  const startedAt = performance.now();
  const answered = await closedLoop({
    callers: Array.from({ length: CALLERS }, () => quota),
    isOver: () => performance.now() >= startedAt + durationMs,
    call: async (caller, index) => {
      const decision = await caller.check({ resource: 'ocr', subject: { user: userAt(index) } });
      if (decision.degraded) degraded += 1;
    },
  });
  return { perSecond: (1_000 * answered) / (performance.now() - startedAt), degraded };
}

/** The means of checks that each wait for the one before; by turns, so that what came before weighs on both alike. */
async function oneByOne(merging: QuotaClient, single: QuotaClient, durationMs: number): Promise<Alone> {
  const tookMs = { merging: 0, single: 0 };
  const until = performance.now() + durationMs;
  let calls = 0;
  for (; performance.now() < until; calls += 1) {
    const request = { resource: 'ocr', subject: { user: userAt(calls) } };
    const startedAt = performance.now();
    await merging.check(request);
    const mergedAt = performance.now();
    await single.check(request);
    tookMs.merging += mergedAt - startedAt;
    tookMs.single += performance.now() - mergedAt;
  }
  return { aloneMs: tookMs.merging / calls, bareMs: tookMs.single / calls };
}
