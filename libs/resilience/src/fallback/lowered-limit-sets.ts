import type { Ladder, LimitCeiling } from '@sundial/engine/ports';

/** Lowered ones kept of each ladder; when there are more, all are made again. */
const MAX_KEPT = 1_024;

/** Units of one limit that were allowed and are not recorded in the store yet, and in which window. */
interface Unsettled {
  readonly field: string;
  readonly startsAt: number;
  readonly local: number;
}

/**
 * Ladders whose ceilings are lowered by what is not recorded in the store yet. Most subjects have one of a few amounts
 * unsettled, so the same object is given to all with the same: a store is sent each ladder of a call once.
 */
export class LoweredLadders {
  readonly #kept = new WeakMap<Ladder, Map<string, Ladder>>();

  of<L extends LimitCeiling>(ladder: Ladder<L>, unsettled: readonly Unsettled[]): Ladder<L> {
    let name = '';
    for (const { field, bounds } of ladder) name += `${offered(unsettled, field, bounds)} `;
    // Those of one ladder have limits of its kind.
    const kept = this.#keptOf(ladder) as Map<string, Ladder<L>>;
    let lowered = kept.get(name);
    if (lowered === undefined) {
      lowered = ladder.map((ceiling) => {
        const local = offered(unsettled, ceiling.field, ceiling.bounds);
        return local > 0 ? { ...ceiling, max: Math.max(0, ceiling.max - local) } : ceiling;
      });
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(name, lowered);
    }
    return lowered;
  }

  #keptOf(ladder: Ladder): Map<string, Ladder> {
    let kept = this.#kept.get(ladder);
    if (kept === undefined) this.#kept.set(ladder, (kept = new Map()));
    return kept;
  }
}

/** What is unsettled of a limit in one of the offered windows. */
function offered(unsettled: readonly Unsettled[], field: string, bounds: Ladder[number]['bounds']): number {
  for (const limit of unsettled) {
    if (limit.field !== field) continue;
    return limit.startsAt === bounds[0] || limit.startsAt === bounds[1] ? limit.local : 0;
  }
  return 0;
}
