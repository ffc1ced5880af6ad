import { interleaved } from '../load/interleaved.js';
import { ContenderProcess } from '../processes/contender-process.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import type { RoundResult } from '../contenders/contender.js';
import type { Scenario } from './scenario.js';

/** The engine in the process, two windows a decision, against rate-limiter-flexible with one. */
export const engine: Scenario = {
  name: 'engine',
  budget: 'on Redis ≥ 1.0 × rate-limiter-flexible; embedded ≥ 500,000 decisions/s',
  async run({ rounds, roundMs, warmUpMs }) {
    await using redis = await RedisProcess.start();
    await using onRedis = await ContenderProcess.start('sundialOnRedis', redis.url);
    await using flexibleOnRedis = await ContenderProcess.start('flexibleOnRedis', redis.url);
    await using embedded = await ContenderProcess.start('sundialEmbedded', redis.url);
    await using flexibleInMemory = await ContenderProcess.start('flexibleInMemory', redis.url);

    const measures = (durationMs: number) => ({
      onRedis: () => onRedis.measure({ durationMs }),
      flexibleOnRedis: () => flexibleOnRedis.measure({ durationMs }),
      embedded: () => embedded.measure({ durationMs }),
      flexibleInMemory: () => flexibleInMemory.measure({ durationMs }),
    });
    await interleaved(1, measures(warmUpMs));
    const results = await interleaved(rounds, measures(roundMs));
    return [
      {
        measure: 'engine on Redis, day and hour',
        unit: 'decisions/s',
        sundial: results.onRedis.map(perSecond),
        against: { name: 'RateLimiterRedis, one window', rounds: results.flexibleOnRedis.map(perSecond) },
        budget: { of: 'ratio', atLeast: 1 },
      },
      {
        measure: 'engine embedded, day and hour',
        unit: 'decisions/s',
        sundial: results.embedded.map(perSecond),
        against: { name: 'RateLimiterMemory, one window', rounds: results.flexibleInMemory.map(perSecond) },
        budget: { of: 'value', atLeast: 500_000 },
      },
      {
        measure: 'engine on Redis: decided without Redis, worst round',
        unit: '% of decisions',
        sundial: [100 * Math.max(...results.onRedis.map(({ degraded }) => degraded))],
        budget: { of: 'value', atMost: 0.1 },
      },
    ];
  },
};

function perSecond(result: RoundResult): number {
  return result.perSecond;
}
