import type { CpuSteal } from '../../support/cpu-steal.js';
import { eventually } from '../../support/eventually.js';
import { accountsOf } from './accounts.js';
import type { Written } from './admin/admin-write.js';
import { contradictedMaxes } from './admin/maxes.js';
import { packContradictions, packPlacesIn } from './admin/pack-counters.js';
import { subjectsOf, type Auditor } from './auditor.js';
import { wasRefunded, type Caller } from './caller.js';
import { compare, type Account, type Verdict } from './expected-counters.js';
import { decisionOf, type Attempt, type History } from './history.js';
import { isAtRest } from './node.js';
import { contradictionsIn, type Contradiction } from './reservations/contradictions.js';
import type { Asking } from './reservations/ending.js';
import type { Site } from './sites/site.js';
import type { Workload } from './workload.js';

const REST_LIMIT_MS = 30_000;
/** Longer than a breaker that opened because of the proxies stays open. */
const AFTER_STEAL_MS = 1_000;
/** So long without a core in one piece, and a healthy Redis behind the proxies may miss a deadline. */
const NOTICEABLE_STEAL_MS = 15;

/** A history of answers to callers, compared with the counters and with itself. */
export interface Judged {
  readonly name: string;
  readonly fault: string;
  /** When the fault was there. Monotonic. */
  readonly injectedAt: number;
  readonly attempts: readonly Attempt[];
  /** What callers asked of reservations and of what was counted, in the order of the answers. */
  readonly endings: readonly Asking[];
  /** What operators did meanwhile. */
  readonly writes: readonly Written[];
  /** Answers to endings that contradict each other (I13). */
  readonly contradictions: readonly Contradiction[];
  readonly accounts: ReadonlyMap<string, Account>;
  readonly verdict: Verdict;
  /** Attempts that came to no decision, at nodes into which no fault was injected (I5). */
  readonly failures: readonly Attempt[];
  /** Endings that got a 5xx, or nothing, from such nodes. */
  readonly failedEndings: readonly Asking[];
  /** Attempts that came to none, at nodes that were killed, frozen, overloaded or leaving. */
  readonly unanswered: number;
  /** Attempts decided without a Redis that was healthy, and that the proxies held back for no want of processor (I16). */
  readonly degradedByLoad: readonly Attempt[];
  /** Operations that the store had acknowledged and lost, and that nodes replayed. */
  readonly replayed: number;
  /** Operations in intervals that nodes reported as uncertain. */
  readonly uncertain: number;
}

export interface Concluded {
  readonly site: Pick<Site, 'nodes' | 'auditTarget'>;
  readonly history: History;
  readonly load: Pick<Workload, 'rules'>;
  readonly auditor: Auditor;
  /** Given where Redis was healthy all the time. */
  readonly steal?: CpuSteal | undefined;
}

/** Waits until all nodes are exact and have nothing to settle; one that is not by then is judged by the counters. */
export async function rest({ nodes }: Pick<Site, 'nodes'>): Promise<void> {
  const areAtRest = async () => (await Promise.all(nodes.map((node) => node.status()))).every(isAtRest);
  await eventually(areAtRest, { withinMs: REST_LIMIT_MS, everyMs: 25 }).catch(() => undefined);
}

/** What is open is asked again; then some endings are contradicted, and what is held to expire has expired. */
export async function conclude(site: Pick<Site, 'nodes'>, ...callers: readonly Caller[]): Promise<void> {
  await rest(site);
  await Promise.all(callers.map((caller) => caller.askAgain()));
  await rest(site);
  await Promise.all(callers.map((caller) => caller.contradict()));
  await rest(site);
}

/** Compares what callers were answered with the store's counters; the site must be at rest. */
export async function judge({
  site,
  history,
  load,
  auditor,
  steal,
}: Concluded): Promise<Omit<Judged, 'name' | 'fault' | 'injectedAt' | 'replayed' | 'uncertain'>> {
  const { attempts, endings, writes, loss } = history;
  const stored = await auditor.read(subjectsOf(attempts), packPlacesIn(writes));
  const accounts = accountsOf(history, load.rules, {
    isUncertain: (attempt) => mayBeForgotten(site, attempt),
    isSharded: site.auditTarget.kind === 'cluster',
  });
  const undecided = attempts.filter((attempt) => !decisionOf(attempt) && !wasRefunded(attempt));
  const degraded = attempts.filter((attempt) => decisionOf(attempt)?.degraded);
  return {
    attempts,
    endings,
    writes,
    contradictions: [
      ...contradictionsIn(endings, loss),
      ...packContradictions(writes, attempts, stored, loss),
      ...contradictedMaxes(writes, attempts, load.rules, loss),
    ],
    accounts,
    verdict: compare(accounts, stored),
    failures: undecided.filter((attempt) => !wasDisturbed(site, attempt)),
    failedEndings: endings.filter((asking) => hasFailed(asking) && !wasDisturbed(site, asking)),
    unanswered: undecided.filter((attempt) => wasDisturbed(site, attempt)).length,
    degradedByLoad: steal ? degraded.filter((attempt) => !followsSteal(attempt, steal)) : [],
  };
}

export function wasDisturbed(
  { nodes }: Pick<Site, 'nodes'>,
  { node, sentAt, endedAt }: Pick<Attempt, 'node' | 'sentAt' | 'endedAt'>,
): boolean {
  return nodes.some((one) => one.name === node && one.wasDisturbed(sentAt, endedAt));
}

function mayBeForgotten({ nodes }: Pick<Site, 'nodes'>, attempt: Attempt): boolean {
  if (!decisionOf(attempt)?.degraded) return false;
  return nodes.some((one) => one.name === attempt.node && one.mayHaveForgotten(attempt.endedAt));
}

function hasFailed({ answer }: Asking): boolean {
  return answer.kind === 'unanswered' || (answer.kind === 'failed' && answer.status >= 500);
}

/**
 * The proxies between nodes and Redis are in this process. What they hold back while it has no core is no doing of
 * either, and a node that takes Redis for slow is right. What this process is busy with itself is not excused.
 */
function followsSteal({ sentAt, endedAt }: Attempt, steal: CpuSteal): boolean {
  return steal.longestWithin(sentAt - AFTER_STEAL_MS, endedAt) > NOTICEABLE_STEAL_MS;
}
