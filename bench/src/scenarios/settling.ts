import { throughput } from '../load/throughput.js';
import { eventually } from '../../../test/support/eventually.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import type { Scenario } from './scenario.js';
import { checkRequests } from '../load/subjects.js';

const CONNECTIONS = 64;
const MAX_ROUNDS = 3;
/** As long as it takes at full load until the node keeps no more decisions one by one. */
const AWAY_MS = 10_000;
/** Throughput is measured in slices of this length, so that those in which decisions are settled can be separated. */
const SLICE_MS = 250;
const SETTLED_LIMIT_MS = 60_000;

interface Round {
  readonly normal: number;
  readonly away: number;
  readonly pending: number;
  readonly meanwhile: number;
  readonly settledAfterMs: number;
}

/** What live traffic gets while the decisions of an outage are settled, at full load all the time. */
export const settling: Scenario = {
  name: 'settling',
  budget: 'after 10 s without Redis: live traffic ≥ 0.8 × of before, everything settled within 3 s',
  async run({ rounds, roundMs, warmUpMs }) {
    await using redis = await RedisProcess.start();
    await using service = await WebServer.start('sundial', redis.url);
    const load = { port: service.port, requests: checkRequests('ocr'), connections: CONNECTIONS };
    const perSecond = async (durationMs: number) => (await throughput({ ...load, durationMs })).perSecond;
    const state = async () =>
      (await service.fetchJson<{ store: { pending: number } }>('GET', '/health/ready')).body.store;
    await perSecond(warmUpMs);
    const results: Round[] = [];
    for (let round = 0; round < Math.min(rounds, MAX_ROUNDS); round++) {
      const normal = await perSecond(roundMs);
      redis.freeze();
      const away = await perSecond(AWAY_MS);
      const pending = (await state()).pending;
      const thawedAt = performance.now();
      redis.thaw();
      const slices: number[] = [];
      let settledAfterMs = 0;
      const settled = eventually(async () => (await state()).pending === 0, {
        what: 'nothing is left to settle',
        withinMs: SETTLED_LIMIT_MS,
        everyMs: 100,
      }).then(() => (settledAfterMs = performance.now() - thawedAt));
      while (settledAfterMs === 0) slices.push(await perSecond(SLICE_MS));
      await settled;
      const meanwhile = slices.reduce((sum, each) => sum + each, 0) / slices.length;
      results.push({ normal, away, pending, meanwhile, settledAfterMs });
    }
    const of = (value: (round: Round) => number) => results.map(value);
    return [
      {
        measure: 'POST /check, 10 s without Redis: throughput',
        unit: 'req/s',
        sundial: of(({ away }) => away),
        against: { name: 'before them', rounds: of(({ normal }) => normal) },
        budget: { of: 'ratio', atLeast: 0.8 },
      },
      {
        measure: 'POST /check while an outage is settled: throughput',
        unit: 'req/s',
        sundial: of(({ meanwhile }) => meanwhile),
        against: { name: 'before it', rounds: of(({ normal }) => normal) },
        budget: { of: 'ratio', atLeast: 0.8 },
      },
      {
        measure: 'settled after Redis answers',
        unit: 'ms',
        sundial: of(({ settledAfterMs }) => settledAfterMs),
        budget: { of: 'value', atMost: 3_000 },
      },
      {
        measure: 'settlements pending when Redis answers',
        unit: 'settlements',
        sundial: of(({ pending }) => pending),
      },
    ];
  },
};
