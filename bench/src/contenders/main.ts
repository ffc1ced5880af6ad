import { setImmediate as turn } from 'node:timers/promises';
import { userAt } from '../load/subjects.js';
import type { Contender, Round, RoundResult } from './contender.js';
import { flexibleInMemory, flexibleOnRedis } from './flexible.js';
import { holdsEmbedded, holdsOnRedis, sundialEmbedded, sundialOnRedis } from './sundial.js';

/** The program of a contender's process: opens the one that is named, and measures a round whenever it is asked. */
const CONTENDERS = {
  sundialOnRedis,
  flexibleOnRedis,
  sundialEmbedded,
  flexibleInMemory,
  holdsOnRedis,
  holdsEmbedded,
};
export type ContenderName = keyof typeof CONTENDERS;

const CONCURRENCY = 64;
/** A contender that answers without a turn of the event loop gives it one now and then, for timers. */
const DECISIONS_A_TURN = 1_000;

const [, , name, redisUrl = ''] = process.argv;
const contender = await CONTENDERS[name as ContenderName](redisUrl);
process.on('message', async (round: Round) => process.send?.(await measure(contender, round)));
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
process.send?.('open');

async function measure({ decide }: Contender, { durationMs }: Round): Promise<RoundResult> {
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  let [decisions, degraded] = [0, 0];
  const caller = async () => {
    while (performance.now() < until) {
      if (!(await decide(userAt(decisions++)))) degraded++;
      if (decisions % DECISIONS_A_TURN === 0) await turn();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, caller));
  const perSecond = (1_000 * decisions) / (performance.now() - startedAt);
  return { perSecond, degraded: degraded / decisions };
}
