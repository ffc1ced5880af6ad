import type { WindowPick } from './store.js';

/** Which window of a limit is meant. */
export interface Picked {
  readonly pick: WindowPick;
}

/** Lists that are shared, by their length: nearly always all limits are in the first of the offered windows. */
const ALL_FIRST = Array.from({ length: 33 }, (_, length) => Array<WindowPick>(length).fill(0));
const ALL_FIRST_PICKED = ALL_FIRST.map((picks): readonly Picked[] => picks.map((pick) => ({ pick })));

/** The windows of counts. */
export function picksOf(counts: readonly Picked[]): readonly WindowPick[] {
  const shared = ALL_FIRST[counts.length];
  if (shared !== undefined && counts.every(isFirst)) return shared;
  return counts.map(({ pick }) => pick);
}

/** The same as records. */
export function pickedBy(picks: readonly WindowPick[]): readonly Picked[] {
  const { length } = picks;
  if (picks === ALL_FIRST[length]) return ALL_FIRST_PICKED[length]!;
  return picks.map((pick) => ({ pick }));
}

function isFirst({ pick }: Picked): boolean {
  return pick === 0;
}
