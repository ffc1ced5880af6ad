import type { Settings } from './settings.js';

/**
 * For what follows the last answer: what is pending is settled, the journal is written, connections are closed. It takes
 * milliseconds while Redis and the disk answer, a second and a half while Redis is frozen, and almost three where it answers a few bytes at a time
 * and the machine is busy.
 */
const CLOSE_LIMIT_MS = 3_300;

/** After a stop signal the process is gone within this, whatever callers, Redis and the disk do. By default 8.8 s: `docker stop` kills after 10 s. */
export function stopLimitMs({
  lameDuckMs,
  shutdownGraceMs,
}: Pick<Settings, 'lameDuckMs' | 'shutdownGraceMs'>): number {
  return lameDuckMs + shutdownGraceMs + CLOSE_LIMIT_MS;
}
