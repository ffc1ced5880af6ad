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
/** Of a round. Turns are short: the speed of a shared machine drifts by more than what is measured. */
const TURNS = 10;
/** What is recorded is written by then. */
const WRITTEN_AFTER_MS = 700;

/**
 * What it costs to record every decision in SQLite: CPU of the whole process over all turns, so that what the ledger does once a minute is
 * in it too, and checks a second.
 */
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
    const load = { requests, connections: CONNECTIONS, durationMs: roundMs / 3 };
    for (const { port } of [off, on]) await throughput({ ...load, port, durationMs: warmUpMs });
    await sleep(WRITTEN_AFTER_MS);
    const before = [off, on].map(({ pid }) => cpuSecondsOf(pid));
    const turn = async ({ port }: WebServer) => (await throughput({ ...load, port })).perSecond;
    const perSecond = await interleaved(rounds * TURNS, { off: () => turn(off), on: () => turn(on) });
    await sleep(WRITTEN_AFTER_MS);
    const [cpuOff, cpuOn] = [off, on].map(({ pid }, index) => cpuSecondsOf(pid) - before[index]!);
    const checks = (turns: readonly number[]) =>
      (turns.reduce((sum, one) => sum + one, 0) * load.durationMs) / 1_000;
    return [
      {
        measure: 'CPU of a check that the ledger records',
        unit: 'µs',
        sundial: [(cpuOn! * 1e6) / checks(perSecond.on)],
        against: { name: 'SUNDIAL_LEDGER=off', rounds: [(cpuOff! * 1e6) / checks(perSecond.off)] },
        budget: { of: 'ratio', atMost: 1.15 },
      },
      {
        measure: 'checks that the ledger records',
        unit: '/s',
        sundial: perSecond.on,
        against: { name: 'SUNDIAL_LEDGER=off', rounds: perSecond.off },
      },
    ];
  },
};
