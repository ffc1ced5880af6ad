import type { StoreCondition } from '@sundial/engine';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, type RedisTarget } from '../connection/redis-connection.js';
import { RedisExaminer } from './redis-examiner.js';

export interface RedisProbe {
  /** Whether every master answered in time, or what is there said why it lets this program not in. */
  readonly isAnswered: boolean;
  /** What is not as Sundial needs it; `refuse` is what a service would not start on. */
  readonly conditions: readonly StoreCondition[];
}

/** Tries once what Sundial does with a Redis, on keys that it removes: the capability probe of a node, without the node. */
export async function probeRedis(target: RedisTarget, withinMs: number): Promise<RedisProbe> {
  const client = connectRedis(target, 'sundial-probe');
  const examiner = new RedisExaminer(client);
  try {
    const answered = examiner.firstFindings.then(() => true);
    const isAnswered = await Promise.race([answered, sleep(withinMs, false)]);
    return { isAnswered, conditions: examiner.conditions };
  } finally {
    examiner.close();
    client.disconnect();
  }
}
