import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { postRequest } from '../../../test/support/http-connection.js';
import { goodput, type Goodput } from '../load/goodput.js';
import { latency, type Latency } from '../load/latency.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import { LATEST_ANSWER_MS, type Scenario } from './scenario.js';
import { checkRequests, userAt } from '../load/subjects.js';
import { metricSum } from './metrics.js';

const CALLERS = 24;
const CHECKS = 100;
const LARGE = 1_000;
const SMALL = 64;
const CALM_PER_SECOND = 500;
const AROUND_MS = 200;

interface Round {
  readonly largeMs: number;
  readonly flood: Goodput;
  readonly small: Goodput;
  readonly alone: Latency;
  readonly beside: Latency;
}

function shedShare({ good, shed }: Goodput): number {
  return shed / (good + shed);
}

function batchOf(checks: number, from = 0): { checks: object[] } {
  return {
    checks: Array.from({ length: checks }, (_, index) => ({
      resource: 'ocr',
      subject: { user: userAt(from + index) },
    })),
  };
}

/** `POST /check/batch`: work in bulk waits for its turn, and costs no other caller its own (I16, I9). */
export const batch: Scenario = {
  name: 'batch',
  budget:
    'nothing decided without Redis, nothing shed; single checks of a calm resource beside it answered within 65 ms at p99.9',
  async run({ rounds, roundMs, warmUpMs }) {
    await using redis = await RedisProcess.start();
    await using service = await WebServer.start('sundial', redis.url);
    const { port } = service;
    const batches = (checks: number, connections: number, durationMs: number) =>
      goodput({
        port,
        requests: Array.from({ length: 50 }, (_, index) =>
          postRequest('/check/batch', batchOf(checks, index * checks)),
        ),
        connections,
        durationMs,
      });
    const calm = () =>
      latency({
        port,
        requests: checkRequests('calm'),
        connections: 32,
        durationMs: roundMs,
        ratePerSecond: CALM_PER_SECOND,
      });
    await batches(CHECKS, CALLERS, warmUpMs);
    await calm();
    const large = async () => {
      const askedAt = performance.now();
      await service.fetchJson('POST', '/check/batch', batchOf(LARGE));
      return performance.now() - askedAt;
    };
    const besideBatches = async () => {
      const flooding = batches(CHECKS, CALLERS, roundMs + 2 * AROUND_MS);
      await sleep(AROUND_MS);
      const latency = await calm();
      await flooding;
      return latency;
    };
    const results: Round[] = [];
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      results.push({
        largeMs: await large(),
        flood: await batches(CHECKS, CALLERS, roundMs),
        small: await batches(2, SMALL, roundMs),
        alone: await calm(),
        beside: await besideBatches(),
      });
    }
    const of = (value: (round: Round) => number) => results.map(value);
    const metrics = await service.fetchText('/metrics');
    return [
      {
        measure: `one batch of ${LARGE.toLocaleString('en-US')} checks`,
        unit: 'ms',
        sundial: of(({ largeMs }) => largeMs),
      },
      {
        measure: `${CALLERS} callers with batches of ${CHECKS}`,
        unit: 'checks/s',
        sundial: of(({ flood }) => flood.good * CHECKS),
      },
      {
        measure: `${SMALL} callers with batches of 2`,
        unit: 'checks/s',
        sundial: of(({ small }) => small.good * 2),
      },
      {
        measure: 'batches shed',
        unit: '% of batches',
        sundial: of(({ flood, small }) => 100 * Math.max(shedShare(flood), shedShare(small))),
        budget: { of: 'value', atMost: 0 },
      },
      {
        measure: `POST /check beside ${CALLERS} callers with batches: p99`,
        unit: 'ms',
        sundial: of(({ beside }) => beside.p99),
        against: { name: 'without batches', rounds: of(({ alone }) => alone.p99) },
      },
      {
        measure: `POST /check beside ${CALLERS} callers with batches: p99.9`,
        unit: 'ms',
        sundial: of(({ beside }) => beside.p999),
        budget: { of: 'value', atMost: LATEST_ANSWER_MS },
      },
      {
        measure: 'checks in and beside batches: decided without Redis',
        unit: '% of checks',
        sundial: [
          (100 * metricSum(metrics, 'sundial_degraded_decisions_total')) /
            metricSum(metrics, 'sundial_checks_total'),
        ],
        budget: { of: 'value', atMost: 0 },
      },
    ];
  },
};
