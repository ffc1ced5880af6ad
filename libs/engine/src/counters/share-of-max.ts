/** Products such as 0.07 × 100 come out a little too large. */
const SLACK = 1 - 1e-12;

/** Whether so much is used that a threshold, a share of max, is reached. Of no max, and of 0, there is no share. */
export function isReached(threshold: number, { used, max }: { used: number; max: number | null }): boolean {
  return max !== null && max > 0 && used >= threshold * max * SLACK;
}

/** From how many units on the lowest threshold is reached; undefined where it never is. */
export function reportedFrom(threshold: number, max: number | null): number | undefined {
  if (max === null || max === 0) return undefined;
  return Math.max(1, Math.ceil(threshold * max * SLACK));
}
