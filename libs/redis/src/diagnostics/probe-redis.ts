import type { StoreFinding } from '@sundial/engine';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, type RedisTarget } from '../connection/redis-connection.js';
import { RedisDiagnostics } from './redis-diagnostics.js';

export interface RedisProbe {
  /** Whether every master answered in time, or what is there said why it lets this program not in. */
  readonly isAnswered: boolean;
  /** What is not as Sundial needs it; `refuse` is what a service would not start on. */
  readonly findings: readonly StoreFinding[];
}

/** Tries once what Sundial does with a Redis, on keys that it removes: the capability probe of a node, without the node. */
export async function probeRedis(target: RedisTarget, withinMs: number): Promise<RedisProbe> {
  const client = connectRedis(target, 'sundial-probe');
  const diagnostics = new RedisDiagnostics(client);
  // Its timer would keep a process that has its answer.
  const patience = new AbortController();
  try {
    const answered = diagnostics.firstFindings.then(() => true);
    const late = sleep(withinMs, false, { signal: patience.signal }).catch(() => false);
    const isAnswered = await Promise.race([answered, late]);
    return { isAnswered, findings: diagnostics.findings };
  } finally {
    patience.abort();
    diagnostics.close();
    client.disconnect();
  }
}
