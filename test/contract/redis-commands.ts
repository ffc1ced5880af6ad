import type { RedisProcess } from '../support/redis-process.js';

/** How often the server has run a command since its statistics were reset. */
async function executed(redis: RedisProcess, command: string): Promise<number> {
  const info = String(await redis.cli('INFO', 'commandstats'));
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
}

/** How many scripts it has run since then, but for those that try out what Redis allows: each of them publishes once. */
export async function scriptsRun(redis: RedisProcess): Promise<number> {
  return (await executed(redis, 'evalsha')) - (await executed(redis, 'publish'));
}
