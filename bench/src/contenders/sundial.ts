import {
  DirectRunner,
  LiveRules,
  loadRuleFile,
  MemoryStore,
  QuotaEngine,
  RuleBook,
  type Store,
} from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { ResilientRunner, type ResilientRunnerOptions } from '@sundial/resilience';
import { eventually } from '../../../test/support/eventually.js';
import { RULES_FILE } from '../load/subjects.js';
import type { Contender } from './contender.js';

/** Decides a day and an hour, as the service does. */
export async function sundialOnRedis(redisUrl: string): Promise<Contender> {
  return contender(await openEngine(await openRedisStore(redisUrl)));
}

/** The same without Redis. */
export async function sundialEmbedded(): Promise<Contender> {
  return contender(await openEngine(await MemoryStore.open()));
}

/** Reserves and commits, as `sundialOnRedis` checks. */
export async function holdsOnRedis(redisUrl: string): Promise<Contender> {
  return holder(await openEngine(await openRedisStore(redisUrl)));
}

export async function holdsEmbedded(): Promise<Contender> {
  return holder(await openEngine(await MemoryStore.open()));
}

async function openRedisStore(url: string): Promise<RedisStore> {
  const store = new RedisStore({ kind: 'single', url });
  await eventually(() => store.probe().then(() => true), { what: 'Redis answers' });
  return store;
}

export async function openEngine(
  store: Store,
  options: Pick<ResilientRunnerOptions, 'deadlineMs'> = {},
): Promise<QuotaEngine> {
  const book = new RuleBook(1, await loadRuleFile(RULES_FILE));
  const runner =
    store.kind === 'embedded' ? new DirectRunner(store) : new ResilientRunner({ ...options, store });
  return new QuotaEngine({ runner, rules: new LiveRules(book) });
}

function contender(engine: QuotaEngine): Contender {
  return {
    async decide(user) {
      const { allowed, degraded } = await engine.check({ resource: 'ocr', subject: { user } });
      if (!allowed) throw new Error(`Refused: ${user}.`);
      return degraded === null;
    },
  };
}

function holder(engine: QuotaEngine): Contender {
  return {
    async decide(user) {
      const { reservation, degraded } = await engine.reserve({ resource: 'ocr', subject: { user } });
      if (!reservation) throw new Error(`Refused: ${user}.`);
      const committed = await engine.commit(reservation.id);
      return degraded === null && committed.degraded === null;
    },
  };
}
