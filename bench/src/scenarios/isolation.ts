import { setTimeout as sleep } from 'node:timers/promises';
import { throughput } from '../load/throughput.js';
import { latency, type Latency } from '../load/latency.js';
import { interleaved } from '../load/interleaved.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import { LATEST_ANSWER_MS, type Scenario } from './scenario.js';
import { checkRequests } from '../load/subjects.js';

const CALM_CONNECTIONS = 32;
/** Of what the service can do. */
const CALM_LOAD = 0.05;
const FLOOD_LOAD = 0.5;
/** In a queue of random arrivals that much more load alone makes waits 2.1 times as long (0.95 / 0.45). */
const MOST_OF_A_FLOOD = 2.5;
const FLOOD_CONNECTIONS = 64;
/** The flood begins earlier than what is measured beside it, and ends later. */
const AROUND_MS = 200;

/** `POST /check` about one resource, while another one is flooded (I9). */
export const isolation: Scenario = {
  name: 'isolation',
  budget:
    'beside a flood on another resource ≤ 2.5 × the p99 without it; beside all that the service can do no answer later than 65 ms at p99.9',
  async run({ rounds, roundMs, warmUpMs }) {
    await using redis = await RedisProcess.start();
    await using service = await WebServer.start('sundial', redis.url);
    const { port } = service;
    const flood = { port, requests: checkRequests('ocr'), durationMs: roundMs + 2 * AROUND_MS };
    const capacity = { ...flood, connections: FLOOD_CONNECTIONS, durationMs: warmUpMs };
    await throughput(capacity);
    const { perSecond } = await throughput(capacity);
    const calm = () =>
      latency({
        port,
        requests: checkRequests('calm'),
        connections: CALM_CONNECTIONS,
        durationMs: roundMs,
        ratePerSecond: Math.round(CALM_LOAD * perSecond),
      });
    const floodRate = Math.round(FLOOD_LOAD * perSecond);
    await calm();

    const { alone, beside, saturated } = await interleaved(rounds, {
      alone: calm,
      beside: () =>
        during(latency({ ...flood, connections: FLOOD_CONNECTIONS, ratePerSecond: floodRate }), calm),
      saturated: () => during(throughput({ ...flood, connections: FLOOD_CONNECTIONS }), calm),
    });
    const of = (results: readonly Latency[], rank: keyof Latency) => results.map((latency) => latency[rank]);
    const measure = `POST /check beside a flood of ${floodRate.toLocaleString('en-US')}/s on another resource`;
    const without = (rank: keyof Latency) => ({ name: 'without the flood', rounds: of(alone, rank) });
    return [
      { measure: `${measure}: p50`, unit: 'ms', sundial: of(beside, 'p50'), against: without('p50') },
      {
        measure: `${measure}: p99`,
        unit: 'ms',
        sundial: of(beside, 'p99'),
        against: without('p99'),
        budget: { of: 'ratio', atMost: MOST_OF_A_FLOOD },
      },
      {
        measure: 'POST /check beside a flood that takes all the service can do: p99.9',
        unit: 'ms',
        sundial: of(saturated, 'p999'),
        against: without('p999'),
        budget: { of: 'value', atMost: LATEST_ANSWER_MS },
      },
      {
        measure: 'POST /check beside floods: decided without Redis',
        unit: '% of checks',
        sundial: [await degradedShare(service)],
        budget: { of: 'value', atMost: 0.1 },
      },
    ];
  },
};

async function during(flood: Promise<unknown>, calm: () => Promise<Latency>): Promise<Latency> {
  await sleep(AROUND_MS);
  const latency = await calm();
  await flood;
  return latency;
}

/** Of the decisions about the resource that was not flooded. */
async function degradedShare(service: WebServer): Promise<number> {
  const metrics = await service.fetchText('/metrics');
  const decisions = [
    ...metrics.matchAll(/^sundial_decisions_total\{rule="calm-per-user",outcome="([a-z-]+)"\} (\d+)/gm),
  ].map(([, outcome, count]) => ({ isDegraded: outcome!.startsWith('degraded'), count: Number(count) }));
  const sum = (counted: typeof decisions) => counted.reduce((total, { count }) => total + count, 0);
  return (100 * sum(decisions.filter(({ isDegraded }) => isDegraded))) / sum(decisions);
}
