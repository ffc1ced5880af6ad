import type { Decision } from '@sundial/contract';

/** Callers that were refused at one limit all may come back at its reset: they spread over a tenth of their wait, … */
const SHARE = 0.1;
/** … over a second at least, and five minutes at most. */
const MIN_SPREAD_MS = 1_000;
const MAX_SPREAD_MS = 300_000;

/**
 * When to come back after a refusal: at a random instant from `retryAfterMs` on, so that those who were refused together do not
 * return together. Null where waiting does not help, or nothing was refused.
 */
export function retryAt(
  { allowed, retryAfterMs }: Pick<Decision, 'allowed' | 'retryAfterMs'>,
  { now = Date.now(), random = Math.random }: { readonly now?: number; readonly random?: () => number } = {},
): Date | null {
  if (allowed || retryAfterMs === undefined) return null;
  const spreadMs = Math.min(Math.max(retryAfterMs * SHARE, MIN_SPREAD_MS), MAX_SPREAD_MS);
  return new Date(now + retryAfterMs + Math.floor(random() * spreadMs));
}
