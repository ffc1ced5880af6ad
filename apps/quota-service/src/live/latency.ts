import type { DecisionTotals } from '../metrics/quota-metrics.js';

export type Durations = DecisionTotals['durations'];

/** How many of a bucket and those below it came since `before`, which may be empty. */
export function durationsSince(before: Durations, after: Durations): Durations {
  return after.map(({ atMost, count }, index) => ({ atMost, count: count - (before[index]?.count ?? 0) }));
}

/**
 * The duration in milliseconds that this share of the checks did not exceed, as Prometheus estimates it: evenly spread within a bucket,
 * and the last finite bound for what is above it. Undefined where there was no check.
 */
export function quantileMs(share: number, durations: Durations): number | undefined {
  const all = durations.at(-1)?.count ?? 0;
  if (all <= 0) return undefined;
  const wanted = share * all;
  let below = { atMost: 0, count: 0 };
  for (const bucket of durations) {
    if (bucket.count >= wanted && bucket.count > below.count) {
      if (bucket.atMost === Infinity) return below.atMost * 1_000;
      const part = (wanted - below.count) / (bucket.count - below.count);
      return (below.atMost + part * (bucket.atMost - below.atMost)) * 1_000;
    }
    below = bucket;
  }
  return below.atMost * 1_000;
}
