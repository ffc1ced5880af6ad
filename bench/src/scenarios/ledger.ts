import { setTimeout as sleep } from 'node:timers/promises';
import { postRequest } from '../../../test/support/http-connection.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { interleaved } from '../load/interleaved.js';
import { manyUserAt } from '../load/subjects.js';
import { throughput } from '../load/throughput.js';
import { cpuSecondsOf } from '../processes/cpu-time.js';
import { WebServer } from '../processes/web-server.js';
import type { Scenario } from './scenario.js';

const CONNECTIONS = 64;
const SUBJECTS = 10_000;
/** What is recorded is written by then. */
const WRITTEN_AFTER_MS = 700;

/** What it costs to record every decision in SQLite: CPU of the whole process, and checks a second. */
export const ledger: Scenario = {
  name: 'ledger',
  budget: 'a recorded check costs ≤ 1.15 × the CPU of one that is not',
  async run({ rounds, roundMs, warmUpMs }) {
    await using redis = await RedisProcess.start();
    await using off = await WebServer.start('sundial', redis.url);
    await using on = await WebServer.start('sundial', redis.url, { SUNDIAL_LEDGER: 'on' });
    const requests = Array.from({ length: SUBJECTS }, (_, index) =>
      postRequest('/check', { resource: 'ocr', subject: { user: manyUserAt(index) } }),
    );
    const load = { requests, connections: CONNECTIONS };
    for (const { port } of [off, on]) await throughput({ ...load, port, durationMs: warmUpMs });
    const measure = async ({ port, pid }: WebServer) => {
      const before = cpuSecondsOf(pid);
      const { perSecond } = await throughput({ ...load, port, durationMs: roundMs });
      await sleep(WRITTEN_AFTER_MS);
      const checks = (perSecond * roundMs) / 1_000;
      return { perSecond, cpuMicros: ((cpuSecondsOf(pid) - before) * 1e6) / checks };
    };
    const results = await interleaved(rounds, { off: () => measure(off), on: () => measure(on) });
    return [
      {
        measure: 'CPU of a check that the ledger records',
        unit: 'µs',
        sundial: results.on.map(({ cpuMicros }) => cpuMicros),
        against: { name: 'SUNDIAL_LEDGER=off', rounds: results.off.map(({ cpuMicros }) => cpuMicros) },
        budget: { of: 'ratio', atMost: 1.15 },
      },
      {
        measure: 'checks that the ledger records',
        unit: '/s',
        sundial: results.on.map(({ perSecond }) => perSecond),
        against: { name: 'SUNDIAL_LEDGER=off', rounds: results.off.map(({ perSecond }) => perSecond) },
      },
    ];
  },
};
