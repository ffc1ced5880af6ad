import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually } from '../../../../test/support/eventually.js';
import { RedisProcess } from '../../../../test/support/redis-process.js';
import { RedisDataLossDetector } from './redis-data-loss-detector.js';

describe('RedisDataLossDetector', () => {
  let redis: RedisProcess;
  let client: Redis;
  beforeAll(async () => {
    redis = await RedisProcess.start();
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  it.each(['set', 'info'] as const)(
    'hears of a server that was emptied, also when the first reply to %s is lost',
    async (command) => {
      const losses: string[] = [];
      const detector = new RedisDataLossDetector(client, Date.now);
      detector.listen(({ kind }) => losses.push(kind));
      await eventually(async () => String(await redis.cli('KEYS', 'sd1:*:watermark:*')) !== '');
      const asked = client[command].bind(client) as (...args: unknown[]) => Promise<unknown>;
      let lost = 0;
      Object.assign(client, {
        [command]: async (...args: unknown[]) => {
          const reply = await asked(...args);
          // Of `info` the later of two.
          if (args[0] !== 'replication' && lost++ === 0)
            throw new Error('The connection was closed before the reply came.');
          return reply;
        },
      });
      await redis.cli('FLUSHALL');
      await eventually(() => losses.includes('emptied'), { withinMs: 5_000 });
      expect(lost).toBeGreaterThan(1);
      await detector.close();
      Object.assign(client, { [command]: asked });
      await redis.cli('FLUSHALL');
    },
  );
});
