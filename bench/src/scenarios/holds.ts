import { interleaved } from '../load/interleaved.js';
import { reserveAndCommit } from '../load/reserve-and-commit.js';
import { checkRequests, nameOf, reserveRequests } from '../load/subjects.js';
import { throughput, type Throughput } from '../load/throughput.js';
import { ContenderProcess } from '../processes/contender-process.js';
import { WebServer } from '../processes/web-server.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import type { Row } from '../report/row.js';
import { checkOnce, growthBy, type Step } from './memory-growth.js';
import { metricSum } from './metrics.js';
import type { Effort, Scenario } from './scenario.js';

const CONNECTIONS = 64;
const MAX_ROUNDS = 3;
/** A pair is two requests, so half as many pairs as checks is all there is to gain. */
const PAIRS_A_CHECK = 0.45;

/** What a reservation costs: pairs of a reserve and its commit against checks, and bytes in Redis. */
export const holds: Scenario = {
  name: 'holds',
  budget: 'pairs of reserve and commit over HTTP ≥ 0.45 × checks',
  async run(all) {
    const effort = { ...all, rounds: Math.min(all.rounds, MAX_ROUNDS) };
    return [...(await overHttp(effort)), ...(await inTheProcess(effort)), ...(await inMemory(effort))];
  },
};

async function overHttp({ rounds, roundMs, warmUpMs }: Effort): Promise<Row[]> {
  await using redis = await RedisProcess.start();
  await using service = await WebServer.start('sundial', redis.url);
  const [checks, reserves] = [checkRequests('ocr'), reserveRequests()];
  const measures = (durationMs: number) => {
    const load = { port: service.port, connections: CONNECTIONS, durationMs };
    return {
      pairs: () => throughput({ ...load, requests: reserves }, reserveAndCommit),
      checks: () => throughput({ ...load, requests: checks }),
    };
  };
  await interleaved(1, measures(warmUpMs));
  const results = await interleaved(rounds, measures(roundMs));
  const metrics = await service.fetchText('/metrics');
  const decided = metricSum(metrics, 'sundial_checks_total');
  return [
    {
      measure: 'POST /reservations and its commit: throughput',
      unit: 'pairs/s',
      sundial: results.pairs.map(perSecond),
      against: { name: 'POST /check', rounds: results.checks.map(perSecond) },
      budget: { of: 'ratio', atLeast: PAIRS_A_CHECK },
    },
    {
      measure: 'reserves and checks: decided without Redis during all that',
      unit: '% of decisions',
      sundial: [(100 * metricSum(metrics, 'sundial_degraded_decisions_total')) / decided],
      budget: { of: 'value', atMost: 0.1 },
    },
  ];
}

async function inTheProcess({ rounds, roundMs, warmUpMs }: Effort): Promise<Row[]> {
  await using redis = await RedisProcess.start();
  await using pairsOnRedis = await ContenderProcess.start('holdsOnRedis', redis.url);
  await using checksOnRedis = await ContenderProcess.start('sundialOnRedis', redis.url);
  await using pairsEmbedded = await ContenderProcess.start('holdsEmbedded', redis.url);
  await using checksEmbedded = await ContenderProcess.start('sundialEmbedded', redis.url);
  const measures = (durationMs: number) => ({
    pairsOnRedis: () => pairsOnRedis.measure({ durationMs }),
    checksOnRedis: () => checksOnRedis.measure({ durationMs }),
    pairsEmbedded: () => pairsEmbedded.measure({ durationMs }),
    checksEmbedded: () => checksEmbedded.measure({ durationMs }),
  });
  await interleaved(1, measures(warmUpMs));
  const results = await interleaved(rounds, measures(roundMs));
  return [
    {
      measure: 'engine on Redis: reserve and commit',
      unit: 'pairs/s',
      sundial: results.pairsOnRedis.map(perSecond),
      against: { name: 'checks', rounds: results.checksOnRedis.map(perSecond) },
    },
    {
      measure: 'engine embedded: reserve and commit',
      unit: 'pairs/s',
      sundial: results.pairsEmbedded.map(perSecond),
      against: { name: 'checks', rounds: results.checksEmbedded.map(perSecond) },
    },
  ];
}

/** One hold of each subject: that is what most have. */
async function inMemory({ subjects }: Effort): Promise<Row[]> {
  const names = Array.from({ length: subjects }, (_, index) => nameOf(index));
  const ids = new Map<string, string>();
  const reserve: Step = async (engine, user) => {
    const decision = await engine.reserve({ resource: 'ocr', subject: { user }, ttlMs: 600_000 });
    ids.set(user, decision.reservation!.id);
    return decision;
  };
  const commit: Step = (engine, user) => engine.commit(ids.get(user)!);
  const [checked = 0] = await growthBy(names, [checkOnce]);
  const [held = 0, ended = 0] = await growthBy(names, [reserve, commit]);
  return [
    {
      measure: 'Redis memory of a live hold, above that of a check',
      unit: 'bytes',
      sundial: [held - checked],
    },
    {
      measure: 'Redis memory of an ended reservation, above that of a check',
      unit: 'bytes',
      sundial: [ended - checked],
    },
  ];
}

function perSecond({ perSecond }: Pick<Throughput, 'perSecond'>): number {
  return perSecond;
}
