import { setTimeout as sleep } from 'node:timers/promises';
import { throughput } from '../load/throughput.js';
import { latency, type Latency } from '../load/latency.js';
import { eventually } from '../../../test/support/eventually.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import { LATEST_ANSWER_MS, type Scenario } from './scenario.js';
import { checkRequests } from '../load/subjects.js';

const CONNECTIONS = 64;
/** While every request waits for its deadline, hundreds are open at once. */
const WAITING_CONNECTIONS = 512;
const LOAD = 0.5;
/** A round takes far longer than it measures: what was allowed meanwhile is settled before the next one. */
const MAX_ROUNDS = 3;
/** Until the breaker has opened, requests wait for their deadline. */
const OPENING_MS = 300;
const EXACT_LIMIT_MS = 20_000;
const SETTLED_LIMIT_MS = 60_000;

interface Round {
  readonly normal: { readonly perSecond: number; readonly latency: Latency };
  readonly freezing: Latency;
  readonly frozen: { readonly perSecond: number; readonly latency: Latency };
  readonly exactAfterMs: number;
}

/** `POST /check` while its Redis is stopped, against the same service with its Redis running. */
export const degraded: Scenario = {
  name: 'degraded',
  budget:
    'with Redis frozen ≥ 0.8 × the throughput and ≤ 1.25 × the p99 with Redis; no answer later than 65 ms at p99.9',
  async run({ rounds, roundMs, warmUpMs }) {
    await using redis = await RedisProcess.start();
    await using service = await WebServer.start('sundial', redis.url);
    const load = { port: service.port, requests: checkRequests('ocr'), connections: CONNECTIONS };
    const warm = await throughput({ ...load, durationMs: warmUpMs });
    const ratePerSecond = Math.round(LOAD * warm.perSecond);
    const measure = async () => ({
      perSecond: (await throughput({ ...load, durationMs: roundMs })).perSecond,
      latency: await latency({ ...load, durationMs: roundMs, ratePerSecond }),
    });

    const results: Round[] = [];
    for (let round = 0; round < Math.min(rounds, MAX_ROUNDS); round++) {
      const normal = await measure();
      redis.freeze();
      const waiting = { ...load, connections: WAITING_CONNECTIONS };
      const freezing = await latency({ ...waiting, durationMs: roundMs, ratePerSecond });
      await sleep(OPENING_MS);
      const frozen = await measure();
      results.push({ normal, freezing, frozen, exactAfterMs: await thaw(redis, service) });
    }

    const of = (value: (round: Round) => number) => results.map(value);
    return [
      {
        measure: 'POST /check, Redis frozen: throughput',
        unit: 'req/s',
        sundial: of(({ frozen }) => frozen.perSecond),
        against: { name: 'with Redis', rounds: of(({ normal }) => normal.perSecond) },
        budget: { of: 'ratio', atLeast: 0.8 },
      },
      {
        measure: 'POST /check, Redis frozen: p99',
        unit: 'ms',
        sundial: of(({ frozen }) => frozen.latency.p99),
        against: { name: 'with Redis', rounds: of(({ normal }) => normal.latency.p99) },
        budget: { of: 'ratio', atMost: 1.25 },
      },
      {
        measure: 'POST /check, from the moment Redis freezes: p99.9',
        unit: 'ms',
        sundial: of(({ freezing }) => freezing.p999),
        budget: { of: 'value', atMost: LATEST_ANSWER_MS },
      },
      {
        measure: 'exact again after Redis answers',
        unit: 'ms',
        sundial: of(({ exactAfterMs }) => exactAfterMs),
        budget: { of: 'value', atMost: 2_000 },
      },
    ];
  },
};

/** Gives Redis back, and waits until every degraded decision is settled, so that the next round begins like the first. */
async function thaw(redis: RedisProcess, service: WebServer): Promise<number> {
  const state = async () =>
    (await service.fetchJson<{ store: { mode: string; pending: number } }>('GET', '/health/ready')).body
      .store;
  const thawedAt = performance.now();
  redis.thaw();
  await eventually(async () => (await state()).mode === 'exact', {
    what: 'the store decides again',
    withinMs: EXACT_LIMIT_MS,
    everyMs: 5,
  });
  const exactAfterMs = performance.now() - thawedAt;
  await eventually(async () => (await state()).pending === 0, {
    what: 'nothing is left to settle',
    withinMs: SETTLED_LIMIT_MS,
  });
  return exactAfterMs;
}
