import { throughput, type Throughput } from '../load/throughput.js';
import { latency } from '../load/latency.js';
import { interleaved } from '../load/interleaved.js';
import { median } from '../../../test/support/percentile.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import type { Row } from '../report/row.js';
import type { Effort, Scenario } from './scenario.js';
import { checkRequests } from '../load/subjects.js';
import { metricSum } from './metrics.js';

const CONNECTIONS = 64;
/** Of what the slower of two servers can do: busy, and far from saturation. */
const LOAD = 0.5;
const UPPER_BOUND = 'bare Fastify';

/** `POST /check` of the built service against the least that could answer it, and against its peers. */
export const http: Scenario = {
  name: 'http',
  budget: 'throughput ≥ 0.85 × and p99 under load ≤ 1.3 × bare Fastify with the same script',
  async run(effort) {
    await using redis = await RedisProcess.start();
    await using sundial = await WebServer.start('sundial', redis.url);
    await using bare = await WebServer.start('bareFastify', redis.url);
    await using rateLimit = await WebServer.start('fastifyRateLimit', redis.url);
    await using throttler = await WebServer.start('nestThrottler', redis.url);

    const allowed = await throughputs('ocr', effort, { sundial, bare, rateLimit, throttler });
    const refused = await throughputs('scarce', effort, { sundial, bare });
    const slower = Math.min(
      ...[allowed.sundial, allowed.bare].map((rounds) => median(rounds.map(perSecond))),
    );
    const ratePerSecond = Math.round(LOAD * slower);
    return [
      throughputRow('allowed', allowed.sundial, { name: UPPER_BOUND, rounds: allowed.bare, budget: 0.85 }),
      throughputRow('allowed', allowed.sundial, { name: '@fastify/rate-limit', rounds: allowed.rateLimit }),
      throughputRow('allowed', allowed.sundial, { name: '@nestjs/throttler', rounds: allowed.throttler }),
      throughputRow('refused', refused.sundial, { name: UPPER_BOUND, rounds: refused.bare }),
      ...(await latencyRows({ sundial, bare }, ratePerSecond, effort)),
      await degradedRow(sundial),
      {
        measure: 'load generator, busiest round',
        unit: '% of a core',
        sundial: [100 * Math.max(...[...Object.values(allowed), ...Object.values(refused)].flat().map(busy))],
        budget: { of: 'value', atMost: 90 },
      },
    ];
  },
};

async function throughputs<Name extends string>(
  resource: 'ocr' | 'scarce',
  { rounds, roundMs, warmUpMs }: Effort,
  servers: Readonly<Record<Name, WebServer>>,
): Promise<Record<Name, Throughput[]>> {
  const requests = checkRequests(resource);
  const load = (durationMs: number) =>
    mapValues(
      servers,
      ({ port }) =>
        () =>
          throughput({ port, requests, connections: CONNECTIONS, durationMs }),
    );
  await interleaved(1, load(warmUpMs));
  return interleaved(rounds, load(roundMs));
}

function throughputRow(
  answer: 'allowed' | 'refused',
  sundial: readonly Throughput[],
  against: { readonly name: string; readonly rounds: readonly Throughput[]; readonly budget?: number },
): Row {
  const { name, rounds, budget } = against;
  return {
    measure: `POST /check, ${answer}: throughput`,
    unit: 'req/s',
    sundial: sundial.map(perSecond),
    against: { name, rounds: rounds.map(perSecond) },
    ...(budget !== undefined && { budget: { of: 'ratio', atLeast: budget } }),
  };
}

async function latencyRows(
  servers: { readonly sundial: WebServer; readonly bare: WebServer },
  ratePerSecond: number,
  { rounds, roundMs }: Effort,
): Promise<Row[]> {
  const requests = checkRequests('ocr');
  const load = { requests, connections: CONNECTIONS, durationMs: roundMs, ratePerSecond };
  const { sundial, bare } = await interleaved(
    rounds,
    mapValues(
      servers,
      ({ port }) =>
        () =>
          latency({ port, ...load }),
    ),
  );
  return (['p50', 'p99', 'p999'] as const).map((rank) => ({
    measure: `POST /check at ${ratePerSecond.toLocaleString('en-US')}/s: ${rank.replace('999', '99.9')}`,
    unit: 'ms',
    sundial: sundial.map((latency) => latency[rank]),
    against: { name: UPPER_BOUND, rounds: bare.map((latency) => latency[rank]) },
    ...(rank === 'p99' && { budget: { of: 'ratio', atMost: 1.3 } }),
  }));
}

/** A service that decided by itself would be measured without its Redis. */
async function degradedRow(sundial: WebServer): Promise<Row> {
  const metrics = await sundial.fetchText('/metrics');
  return {
    measure: 'POST /check: decided without Redis during all that',
    unit: '% of checks',
    sundial: [
      (100 * metricSum(metrics, 'sundial_degraded_decisions_total')) /
        metricSum(metrics, 'sundial_checks_total'),
    ],
    budget: { of: 'value', atMost: 0.1 },
  };
}

function mapValues<Name extends string, A, B>(
  record: Readonly<Record<Name, A>>,
  map: (value: A) => B,
): Record<Name, B> {
  const entries = (Object.keys(record) as Name[]).map((name) => [name, map(record[name])]);
  return Object.fromEntries(entries) as Record<Name, B>;
}

function perSecond(throughput: Throughput): number {
  return throughput.perSecond;
}

function busy(throughput: Throughput): number {
  return throughput.generatorBusy;
}
