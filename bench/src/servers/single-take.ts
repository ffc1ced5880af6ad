import { randomBytes } from 'node:crypto';
import { scripts } from '@sundial/lua';
import type { Redis } from 'ioredis';

export interface SingleTake {
  readonly resource: string;
  readonly user: string;
  readonly max: number;
}

export interface Taken {
  readonly allowed: boolean;
  readonly used: readonly number[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FORMAT = '2';
const REMEMBER_MS = 900_000;
const MARGIN_MS = HOUR_MS;
const NO_DEADLINE = Number.MAX_SAFE_INTEGER;

/**
 * `take.lua` for one check of a day and an hour in UTC, as a program would call it by hand: one `EVALSHA` a check, with
 * the keys and the arguments of its header. It shares no code with the engine.
 */
export async function singleTake(redis: Redis): Promise<(check: SingleTake) => Promise<Taken>> {
  const digest = String(await redis.script('LOAD', scripts.take));
  const attempt = randomBytes(6).toString('hex');
  let operations = 0;
  return async ({ resource, user, max }) => {
    const id = `${attempt}${operations++}`;
    const keys = [`sd1:own:${id.slice(0, -1)}`, `sd1:{${resource}:user=${user}}:bare-${resource}`];
    const now = Date.now();
    const limitSet = `${limit('d', max, DAY_MS, now)},${limit('h', max, HOUR_MS, now)}`;
    const args = [COMMON, limitSet, `1 ${NO_DEADLINE} 1 1`, `;${id.slice(-1)} 1 ${id}`];
    const reply = String(await redis.evalsha(digest, keys.length, ...keys, ...args)).split(' ');
    const [, , outcome, , day, , hour] = reply;
    if (outcome !== 'taken' && outcome !== 'refused') throw new Error(`take.lua answered ${reply.join(' ')}`);
    return { allowed: outcome === 'taken', used: [Number(day), Number(hour)] };
  };
}

const COMMON = `${FORMAT} 0 ${REMEMBER_MS} ${MARGIN_MS}`;

function limit(field: string, max: number, lengthMs: number, now: number): string {
  const startsAt = now - (now % lengthMs);
  const bounds = [startsAt, startsAt + lengthMs, startsAt + 2 * lengthMs];
  return `${field} ${max} 1 ${bounds.map((bound) => bound.toString(36)).join(' ')}`;
}
