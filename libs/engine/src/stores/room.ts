import type { CounterRef, Counts } from './store.js';

/** Whether every limit that enforces has room for the amount on top of what is used. */
export function hasRoom(
  counters: readonly Pick<CounterRef, 'ladder'>[],
  counts: Counts,
  amount: number,
): boolean {
  let index = 0;
  for (const { ladder } of counters) {
    for (const { max, enforced } of ladder) {
      const { used } = counts[index++]!;
      if (enforced && used + amount > max) return false;
    }
  }
  return true;
}
