const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10 * 60_000;
/** Attempts are made for so long; then the delivery is a dead letter. */
export const TRIED_MS = 24 * 60 * 60_000;

/** Twice as long after each attempt, up to ten minutes, and up to half of it left to chance. */
export function retryDelayMs(attempts: number, random: number): number {
  const longest = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
  return longest * (1 - random / 2);
}
