/** Units that the store certainly had in a counter, used or held, from one instant to another. Monotonic. */
export interface Stay {
  readonly from: number;
  readonly to: number;
  readonly units: number;
  /** The store decided it no sooner. */
  readonly askedAt: number;
}

/** The most units that were there at once. What ends at an instant is no longer there when another begins. */
export function peakOf(stays: readonly Stay[]): number {
  const changes = stays
    .filter(({ from, to, units }) => to > from && units > 0)
    .flatMap(({ from, to, units }) => [
      { at: from, by: units },
      { at: to, by: -units },
    ])
    .sort((one, other) => one.at - other.at || one.by - other.by);
  let [units, peak] = [0, 0];
  for (const { by } of changes) {
    units += by;
    peak = Math.max(peak, units);
  }
  return peak;
}

/** By how much they were at once above the greatest max that may have been in force when the last of them was decided. */
export function excessOver(
  stays: readonly Stay[],
  maxWithin: (interval: { readonly from: number; readonly to: number }) => number,
): number {
  const lasting = stays.filter(({ from, to, units }) => to > from && units > 0);
  return Math.max(
    ...lasting.map(({ from: at }) => {
      const present = lasting.filter(({ from, to }) => from <= at && to > at);
      const units = present.reduce((sum, each) => sum + each.units, 0);
      const from = Math.max(...present.map(({ askedAt }) => askedAt));
      return units - maxWithin({ from, to: at });
    }),
    -Infinity,
  );
}
