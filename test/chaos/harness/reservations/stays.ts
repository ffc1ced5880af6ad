/** Units that the store certainly had in a counter, used or held, from one instant to another. Monotonic. */
export interface Stay {
  readonly from: number;
  readonly to: number;
  readonly units: number;
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
