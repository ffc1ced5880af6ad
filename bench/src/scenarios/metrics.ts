/** The sum of all series of a counter. */
export function metricSum(metrics: string, name: string): number {
  return [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)`, 'gm'))].reduce(
    (total, [, count]) => total + Number(count),
    0,
  );
}

/** The share of a histogram's observations that are above one of its bounds. */
export function shareAbove(metrics: string, name: string, bound: number): number {
  const all = Number(new RegExp(`^${name}_count (\\d+)`, 'm').exec(metrics)?.[1]);
  const within = Number(new RegExp(`^${name}_bucket\\{le="${bound}"\\} (\\d+)`, 'm').exec(metrics)?.[1]);
  return (all - within) / all;
}
