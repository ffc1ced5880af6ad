import type { Settings } from './settings.js';

/**
 * For what follows the last answer: what is pending is settled, the journal is written, connections are closed. It takes
 * milliseconds while Redis and the disk answer, and a second and a half while Redis is frozen.
 */
const CLOSE_LIMIT_MS = 2_500;

/** After a stop signal the process is gone within this, whatever callers, Redis and the disk do. By default 8 s. */
export function stopLimitMs({
  lameDuckMs,
  shutdownGraceMs,
}: Pick<Settings, 'lameDuckMs' | 'shutdownGraceMs'>): number {
  return lameDuckMs + shutdownGraceMs + CLOSE_LIMIT_MS;
}
