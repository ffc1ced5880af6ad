import type { Counts, WindowPick } from './store.js';

/** Lists that are shared, by their length: nearly always all limits are in the first of the offered windows. */
const ALL_FIRST = Array.from({ length: 33 }, (_, length) => Array<WindowPick>(length).fill(0));
const ALL_FIRST_COUNTS = ALL_FIRST.map((picks): Counts => picks.map((pick) => ({ pick, used: 0 })));

/** The windows of counts. */
export function picksOf(counts: Counts): readonly WindowPick[] {
  const shared = ALL_FIRST[counts.length];
  if (shared !== undefined && counts.every(isFirst)) return shared;
  return counts.map(({ pick }) => pick);
}

/** Counts of which only the windows matter. */
export function countsIn(picks: readonly WindowPick[]): Counts {
  const { length } = picks;
  if (picks === ALL_FIRST[length]) return ALL_FIRST_COUNTS[length]!;
  return picks.map((pick) => ({ pick, used: 0 }));
}

function isFirst({ pick }: Counts[number]): boolean {
  return pick === 0;
}
