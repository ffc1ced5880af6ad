/** The value that `percent` of the values do not exceed (nearest rank). */
export function percentile(values: readonly number[] | Float64Array, percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)];
  if (value === undefined) throw new RangeError('There is no percentile of no values.');
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}
