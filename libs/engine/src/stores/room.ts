import type { Counts } from './store.js';

/** Whether every limit that enforces has room for the amount on top of what is used. */
export function hasRoom(counts: Counts, amount: number): boolean {
  for (const { limit, used } of counts) if (limit.enforced && used + amount > limit.max) return false;
  return true;
}
