import { UNLIMITED, type LimitSet, type LimitSpec } from '@sundial/engine/ports';

/** Lowered ones kept of each limit set; when there are more, all are made again. */
const MAX_KEPT = 1_024;

/** Units of one limit that were allowed and are not recorded in the store yet, and in which window. */
interface Unsettled {
  readonly field: string;
  readonly startsAt: number;
  readonly local: number;
}

/**
 * Limit sets whose max are lowered by what is not recorded in the store yet. Most subjects have one of a few amounts
 * unsettled, so the same object is given to all with the same: a store is sent each limit set of a call once.
 */
export class LoweredLimitSets {
  readonly #kept = new WeakMap<LimitSet, Map<string, LimitSet>>();

  of<L extends LimitSpec>(limits: LimitSet<L>, unsettled: readonly Unsettled[]): LimitSet<L> {
    let name = '';
    for (const { field, bounds } of limits) name += `${offered(unsettled, field, bounds)} `;
    // Those of one limit set have limits of its kind.
    const kept = this.#keptOf(limits) as Map<string, LimitSet<L>>;
    let lowered = kept.get(name);
    if (lowered === undefined) {
      lowered = limits.map((limit) => {
        const local = offered(unsettled, limit.field, limit.bounds);
        if (local === 0) return limit;
        const max = limit.max === UNLIMITED ? UNLIMITED : Math.max(0, limit.max - local);
        return { ...limit, max, lowered: { max: limit.max, by: local } };
      });
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(name, lowered);
    }
    return lowered;
  }

  #keptOf(limits: LimitSet): Map<string, LimitSet> {
    let kept = this.#kept.get(limits);
    if (kept === undefined) this.#kept.set(limits, (kept = new Map()));
    return kept;
  }
}

/** What is unsettled of a limit in one of the offered windows. */
function offered(unsettled: readonly Unsettled[], field: string, bounds: LimitSet[number]['bounds']): number {
  for (const limit of unsettled) {
    if (limit.field !== field) continue;
    return limit.startsAt === bounds[0] || limit.startsAt === bounds[1] ? limit.local : 0;
  }
  return 0;
}
