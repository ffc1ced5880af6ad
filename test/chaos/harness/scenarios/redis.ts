import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../support/free-port.js';
import type { RedisProcess } from '../../../support/redis-process.js';
import type { FaultScenario, Injection } from '../fault-scenario.js';

interface HasRedis {
  readonly redis: RedisProcess;
}

const frozen = (name: string, lastsMs: readonly [number, number]): FaultScenario<HasRedis> => ({
  name: `Redis frozen ${name}`,
  lastsMs,
  inject: ({ redis }) => {
    redis.freeze();
    return { heal: () => redis.thaw() };
  },
});

/** Does something again and again until it is healed. */
function repeatedly(everyMs: number, act: () => unknown): Injection {
  const timer = setInterval(() => void act(), everyMs);
  return { heal: () => clearInterval(timer) };
}

const BUSY_SCRIPT = `local function now() local t = redis.call('TIME'); return t[1] * 1000 + t[2] / 1000 end
  local till = now() + ARGV[1]; repeat until now() > till`;

/** What happens to the server itself. */
export const redisFaults: readonly FaultScenario<HasRedis>[] = [
  frozen('60 ms', [60, 60]),
  frozen('600 ms', [600, 600]),
  frozen('3 to 6 s', [3_000, 6_000]),
  {
    name: 'Redis paused again and again',
    lastsMs: [1_500, 2_500],
    inject: ({ redis }, { random }) => {
      const end = new AbortController();
      const pausing = (async () => {
        while (!end.signal.aborted) {
          redis.freeze();
          await sleep(random.integer(20, 120));
          redis.thaw();
          await sleep(random.integer(20, 220));
        }
      })();
      return {
        heal: async () => {
          end.abort();
          await pausing;
        },
      };
    },
  },
  {
    name: 'Redis killed, back with its AOF',
    lastsMs: [100, 900],
    inject: async ({ redis }) => {
      await redis.kill();
      return { heal: () => redis.restart() };
    },
  },
  {
    name: 'Redis killed, back without data',
    lastsMs: [100, 900],
    empties: true,
    inject: async ({ redis }) => {
      await redis.kill();
      await redis.forget();
      return { heal: () => redis.restart() };
    },
  },
  {
    name: 'Redis emptied (FLUSHALL)',
    lastsMs: [0, 0],
    empties: true,
    inject: async ({ redis }) => {
      await redis.cli('FLUSHALL');
      return { heal: () => undefined };
    },
  },
  {
    name: 'Redis restarted (SIGTERM)',
    lastsMs: [0, 0],
    inject: async ({ redis }) => {
      await redis.restart();
      return { heal: () => undefined };
    },
  },
  {
    name: 'SCRIPT FLUSH, 50 a second',
    lastsMs: [500, 1_000],
    inject: ({ redis }) => repeatedly(20, () => redis.cli('SCRIPT', 'FLUSH')),
  },
  {
    name: 'CLIENT KILL, 5 a second',
    lastsMs: [800, 1_600],
    inject: ({ redis }) => repeatedly(200, () => redis.cli('CLIENT', 'KILL', 'TYPE', 'normal')),
  },
  {
    name: 'CLIENT PAUSE ALL',
    lastsMs: [500, 2_000],
    inject: async ({ redis }, { lastsMs }) => {
      await redis.cli('CLIENT', 'PAUSE', lastsMs, 'ALL');
      return { heal: () => redis.cli('PING') };
    },
  },
  {
    name: 'CLIENT PAUSE WRITE',
    lastsMs: [500, 2_000],
    inject: async ({ redis }, { lastsMs }) => {
      await redis.cli('CLIENT', 'PAUSE', lastsMs, 'WRITE');
      return { heal: () => redis.cli('CLIENT', 'UNPAUSE') };
    },
  },
  {
    name: 'busy with a long script',
    lastsMs: [300, 900],
    inject: ({ redis }, { lastsMs }) => {
      const busy = redis.cli('EVAL', BUSY_SCRIPT, 0, lastsMs);
      return { heal: () => busy };
    },
  },
  {
    name: 'out of memory (noeviction)',
    lastsMs: [500, 1_500],
    inject: async ({ redis }) => {
      await redis.cli('CONFIG', 'SET', 'maxmemory', 1);
      return { heal: () => redis.cli('CONFIG', 'SET', 'maxmemory', 0) };
    },
  },
  {
    name: 'a replica now (READONLY)',
    lastsMs: [500, 1_500],
    inject: async ({ redis }) => {
      await redis.cli('REPLICAOF', '127.0.0.1', await freePort());
      return { heal: () => redis.cli('REPLICAOF', 'NO', 'ONE') };
    },
  },
];
