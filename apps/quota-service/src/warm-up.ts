import type { UsageRequest } from '@sundial/contract';
import type { QuotaEngine, RuleBook } from '@sundial/engine';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A store that is there has answered by then; one that is not must not keep the service from starting. As many open
 * the breaker, so that a service that starts without its store says so from its first moment.
 */
const TRIES = 5;
const PAUSE_MS = 100;
/** Each costs about a millisecond: no service starts a second later for its rules. */
const MAX_RESOURCES = 500;

/**
 * Looks at every resource once before the first caller asks: connects to the store, loads its script and the calendars of all
 * time zones. Without it the first callers would wait for that, and on a slow machine get a degraded answer.
 */
export async function warmUp(engine: QuotaEngine, book: RuleBook): Promise<void> {
  const resources = [...new Set(book.rules.map(({ resource }) => resource))].slice(0, MAX_RESOURCES);
  const [first, ...others] = resources.map((resource) => ({ resource, subject: subjectFor(book, resource) }));
  // Rules that together count by more attributes than a subject may have are refused; that is their callers' matter.
  const look = (request: UsageRequest) => engine.usage(request).catch(() => undefined);
  if (first === undefined) return;
  for (let tries = 1; (await look(first))?.degraded; tries++) {
    if (tries === TRIES) return;
    await sleep(PAUSE_MS);
  }
  for (const request of others) await look(request);
}

/** A subject with every attribute that the resource's rules count by. */
function subjectFor(book: RuleBook, resource: string): Record<string, string> {
  const names = book.forResource(resource).flatMap(({ per }) => per);
  return Object.fromEntries((names.length > 0 ? names : ['subject']).map((name) => [name, 'warm-up']));
}
