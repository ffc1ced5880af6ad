import { setTimeout as sleep } from 'node:timers/promises';
import { goodput, type Goodput } from '../load/goodput.js';
import { interleaved } from '../load/interleaved.js';
import { CpuShare } from '../processes/cpu-share.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import type { Row } from '../report/row.js';
import { LATEST_ANSWER_MS, type Effort, type Scenario } from './scenario.js';
import { checkRequests } from '../load/subjects.js';
import { metricSum, shareAbove } from './metrics.js';

const PEAK = 64;
const CONNECTIONS = [512, 1_000, 2_000, 4_000] as const;
const MULTIPLES = [1, 4, 16] as const;
/** Of an open loop: as many callers as may be waiting at once. */
const OPEN_CONNECTIONS = 1_000;
/** What the service gets of a core there, so that the generator can offer many times its capacity. */
const PARTS = 4;
/** A round this short would be about opening thousands of connections. */
const LEAST_ROUND_MS = 2_000;
const RECOVERED_AFTER_MS = 1_000;

/** `POST /check` by more callers than the service can answer, Redis healthy (I16). */
export const overload: Scenario = {
  name: 'overload',
  budget:
    'goodput ≥ 0.9 × the peak with 64 … 4,000 connections, ≥ 0.8 × at 4 × and ≥ 0.5 × at 16 × the capacity; nothing decided without Redis',
  async run(effort) {
    const durationMs = Math.max(effort.roundMs, LEAST_ROUND_MS);
    return [
      ...(await closed({ ...effort, roundMs: durationMs })),
      ...(await open({ ...effort, roundMs: durationMs })),
    ];
  },
};

async function closed({ rounds, roundMs, warmUpMs }: Effort): Promise<Row[]> {
  await using redis = await RedisProcess.start();
  await using service = await WebServer.start('sundial', redis.url);
  const load = (connections: number, durationMs = roundMs) =>
    goodput({ port: service.port, requests: checkRequests('ocr'), connections, durationMs });
  await load(PEAK, warmUpMs);
  const probes = probing(service);
  const results = await interleaved(Math.min(rounds, 3), {
    peak: () => load(PEAK),
    ...Object.fromEntries(CONNECTIONS.map((connections) => [String(connections), () => load(connections)])),
    // The round before it is the one with the most connections.
    after: async () => {
      await sleep(RECOVERED_AFTER_MS);
      return load(PEAK);
    },
  } as Record<string, () => Promise<Goodput>>);
  const peak = { name: `${PEAK} connections`, rounds: results.peak!.map(good) };
  const rows = CONNECTIONS.map((connections): Row => ({
    measure: `POST /check, ${connections.toLocaleString('en-US')} connections: goodput`,
    unit: 'req/s',
    sundial: results[connections]!.map(good),
    against: peak,
    budget: { of: 'ratio', atLeast: 0.9 },
    point: { curve: 'connections', x: connections },
  }));
  return [
    {
      measure: `POST /check, ${PEAK} connections: goodput`,
      unit: 'req/s',
      sundial: peak.rounds,
      point: { curve: 'connections', x: PEAK },
    },
    ...rows,
    {
      measure: 'POST /check, a second after 4,000 connections: goodput',
      unit: 'req/s',
      sundial: results.after!.map(good),
      against: peak,
      budget: { of: 'ratio', atLeast: 0.9 },
    },
    ...(await promises('in a closed loop', service, await probes.stop())),
  ];
}

async function open({ rounds, roundMs, warmUpMs }: Effort): Promise<Row[]> {
  await using redis = await RedisProcess.start();
  await using service = await WebServer.start('sundial', redis.url);
  await using _share = await CpuShare.hold(service.pid, PARTS, [redis.pid]);
  const load = { port: service.port, requests: checkRequests('ocr'), durationMs: roundMs };
  await goodput({ ...load, connections: PEAK, durationMs: warmUpMs });
  const capacity = (await goodput({ ...load, connections: PEAK })).good;
  const probes = probing(service);
  const results = await interleaved(
    Math.min(rounds, 3),
    Object.fromEntries(
      MULTIPLES.map((multiple) => [
        String(multiple),
        () => goodput({ ...load, connections: OPEN_CONNECTIONS }, multiple * capacity),
      ]),
    ),
  );
  const rows = MULTIPLES.map((multiple): Row => ({
    measure: `POST /check, ${multiple} × of what a quarter of a core can do: goodput`,
    unit: 'req/s',
    sundial: results[multiple]!.map(good),
    against: { name: 'capacity', rounds: [capacity] },
    point: { curve: 'multiples of the capacity', x: multiple },
    ...(multiple > 1 && { budget: { of: 'ratio', atLeast: multiple === 4 ? 0.8 : 0.5 } }),
  }));
  return [...rows, ...(await promises('in an open loop', service, await probes.stop()))];
}

/** What must hold whatever the load is. */
async function promises(where: string, service: WebServer, probes: Probes): Promise<Row[]> {
  const metrics = await service.fetchText('/metrics');
  const checks = metricSum(metrics, 'sundial_checks_total');
  return [
    {
      measure: `overload ${where}: decided without Redis`,
      unit: '% of checks',
      sundial: [(100 * metricSum(metrics, 'sundial_degraded_decisions_total')) / checks],
      budget: { of: 'value', atMost: 0 },
    },
    {
      measure: `overload ${where}: times that Redis was called ill`,
      unit: 'times',
      sundial: [metricSum(metrics, 'sundial_store_transitions_total')],
      budget: { of: 'value', atMost: 0 },
    },
    {
      measure: `overload ${where}: checks decided later than 50 ms after admission`,
      unit: '% of checks',
      sundial: [100 * shareAbove(metrics, 'sundial_check_duration_seconds', 0.05)],
      budget: { of: 'value', atMost: 1 },
    },
    {
      measure: `overload ${where}: health and metrics not answered`,
      unit: 'requests',
      sundial: [probes.failed],
      budget: { of: 'value', atMost: 0 },
    },
  ];
}

interface Probes {
  readonly failed: number;
}

/** An orchestrator and a Prometheus, which must see the node while it is overloaded. */
function probing(service: WebServer): { stop(): Promise<Probes> } {
  let failed = 0;
  let isOver = false;
  const look = async (path: string) => {
    while (!isOver) {
      const { status } = await fetch(`http://127.0.0.1:${service.port}${path}`).catch(() => ({ status: 0 }));
      if (status !== 200) failed++;
      await sleep(4 * LATEST_ANSWER_MS);
    }
  };
  const looks = ['/health/ready', '/metrics'].map(look);
  return {
    async stop() {
      isOver = true;
      await Promise.all(looks);
      return { failed };
    },
  };
}

function good(result: Goodput): number {
  return result.good;
}
