import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { PLENTY } from '../load/subjects.js';
import type { Contender } from './contender.js';

const DAY = { points: PLENTY, duration: 86_400 };

/** rate-limiter-flexible, the fastest and most used peer. It decides one window. */
export async function flexibleOnRedis(redisUrl: string): Promise<Contender> {
  return contender(new RateLimiterRedis({ storeClient: new Redis(redisUrl), ...DAY }));
}

export async function flexibleInMemory(): Promise<Contender> {
  return contender(new RateLimiterMemory(DAY));
}

function contender(limiter: RateLimiterRedis | RateLimiterMemory): Contender {
  return {
    async decide(user) {
      await limiter.consume(user, 1);
      return true;
    },
  };
}
