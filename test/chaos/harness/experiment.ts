import { setTimeout as sleep } from 'node:timers/promises';
import { CpuSteal } from '../../support/cpu-steal.js';
import { eventually } from '../../support/eventually.js';
import { openLoop } from '../../support/open-loop.js';
import { subjectsOf, type Auditor } from './auditor.js';
import { Caller } from './caller.js';
import { accountsOf, compare, decisionOf, type Account, type Verdict } from './expected-counters.js';
import type { FaultScenario } from './fault-scenario.js';
import { Flood } from './flood/flood.js';
import { History, type Attempt, type HistoryFile } from './history.js';
import { isAtRest, type NodeStatus } from './node.js';
import { Random } from './random.js';
import { Recovery } from './recovery.js';
import type { Site } from './sites/site.js';
import type { Workload } from './workload.js';

const RATE_PER_SECOND = 200;
const CALM_MS: readonly [least: number, most: number] = [300, 700];
/** A Redis that was emptied is found out within a second, and recovery is promised within two. */
const AFTERMATH_MS = 2_300;
const REST_LIMIT_MS = 30_000;
/** Longer than a breaker that opened because of the proxies stays open. */
const AFTER_STEAL_MS = 1_000;
/** So long without a core in one piece, and a healthy Redis behind the proxies may miss a deadline. */
const NOTICEABLE_STEAL_MS = 15;

/** One fault under load, and what callers and counters say afterwards. */
export interface Experiment {
  readonly name: string;
  readonly fault: string;
  /** When the fault was there, when `heal` had ended it, and from when recovery counts. Monotonic. */
  readonly injectedAt: number;
  readonly healedAt: number;
  readonly endedAt: number;
  readonly attempts: readonly Attempt[];
  /** The first attempt of each call of the load, in the order of their answers. */
  readonly calls: readonly FirstAttempt[];
  readonly accounts: ReadonlyMap<string, Account>;
  readonly verdict: Verdict;
  /** Attempts that came to no decision, at nodes into which no fault was injected (I5). */
  readonly failures: readonly Attempt[];
  /** Attempts that came to none, at nodes that were killed, frozen, overloaded or leaving. */
  readonly unanswered: number;
  /** Attempts decided without a Redis that was healthy, and that the proxies held back for no want of processor (I16). */
  readonly degradedByLoad: readonly Attempt[];
  readonly latencies: readonly Latency[];
  readonly recoveredMs: number;
  /** Operations that the store had acknowledged and lost, and that nodes replayed. */
  readonly replayed: number;
  /** Operations in intervals that nodes reported as uncertain. */
  readonly uncertain: number;
}

/** How long a caller waited, from when the call was due: as it saw it, and less the CPU steal of caller and node. */
export interface Latency {
  readonly seenMs: number;
  readonly oursMs: number;
}

export interface FirstAttempt extends Latency {
  readonly attempt: Attempt;
  readonly dueAt: number;
}

export interface ExperimentOptions<S extends Site> {
  readonly seed: number;
  /** No other experiment has it: it names its operations and its subjects. */
  readonly name: string;
  readonly fault: FaultScenario<S>;
  readonly site: S;
  readonly load: Workload;
  readonly auditor: Auditor;
  readonly copy?: HistoryFile | undefined;
}

/**
 * Injects a fault into a site under load, heals it, waits until the site is at rest, and compares the counters of the
 * store with what callers were answered.
 */
export async function runExperiment<S extends Site>(options: ExperimentOptions<S>): Promise<Experiment> {
  const { fault, site, load, auditor, copy } = options;
  const { nodes } = site;
  await rest(site);
  const before = await statusesOf(site);
  const flood = fault.floods ? await Flood.start(options) : undefined;
  const history = new History(copy);
  const caller = new Caller(nodes, load, history);
  const recovery = new Recovery(nodes);
  const steal = CpuSteal.ofThisProcess();
  try {
    const end = new AbortController();
    const startedAt = performance.now();
    const calling = openLoop({
      ratePerSecond: RATE_PER_SECOND,
      durationMs: Infinity,
      signal: end.signal,
      call: (index) => caller.call(index),
    });
    const injected = await inject(options, flood).finally(() => end.abort());
    const { arrivals, errors } = await calling;
    if (errors.length > 0) throw errors[0];
    for await (const attempt of flood?.attempts() ?? []) history.note(attempt);
    await rest(site);
    await caller.askAgain();
    await rest(site);

    const { attempts } = history;
    const after = await statusesOf(site);
    const stored = await auditor.read(subjectsOf(attempts));
    const accounts = accountsOf(attempts, load.rules, (attempt) => mayBeForgotten(site, attempt));
    const undecided = attempts.filter((attempt) => !decisionOf(attempt));
    const degraded = attempts.filter((attempt) => decisionOf(attempt)?.degraded);
    const calls = arrivals.map(({ result, dueMs }) => firstAttempt(result, startedAt + dueMs, site, steal));
    return {
      ...injected,
      name: options.name,
      fault: fault.name,
      attempts,
      calls,
      accounts,
      verdict: compare(accounts, stored),
      failures: undecided.filter((attempt) => !wasDisturbed(site, attempt)),
      unanswered: undecided.filter((attempt) => wasDisturbed(site, attempt)).length,
      degradedByLoad: fault.sparesRedis ? degraded.filter((attempt) => !followsSteal(attempt, steal)) : [],
      latencies: calls.filter(({ attempt }) => decisionOf(attempt) && !wasDisturbed(site, attempt)),
      recoveredMs: recovery.from(
        injected.endedAt,
        degraded.map(({ endedAt }) => endedAt),
        injected.judgedUntil,
      ),
      replayed: growth(before, after, ({ replayed }) => replayed),
      uncertain: growth(before, after, ({ uncertain }) => uncertain),
    };
  } finally {
    recovery.stop();
    steal.stop();
    await flood?.stop();
  }
}

/** When a fault was there, when it was over, and until when what happened was its doing. */
interface Injected {
  readonly injectedAt: number;
  readonly healedAt: number;
  readonly endedAt: number;
  readonly judgedUntil?: number;
}

async function inject<S extends Site>(
  { seed, name, fault, site, load }: ExperimentOptions<S>,
  flood: Flood | undefined,
): Promise<Injected> {
  const random = new Random(seed, `${name} fault`);
  await sleep(random.integer(...CALM_MS));
  const lastsMs = random.integer(...fault.lastsMs);
  await rest(site);
  const injection = await fault.inject(site, { random, lastsMs, busyUser: load.busyUser, flood });
  const injectedAt = performance.now();
  const replaced = injection.replaced?.then(() => performance.now());
  // It is awaited later, and another error may come first.
  replaced?.catch(() => undefined);
  await sleep(lastsMs);
  const replacedAt = await replaced;
  if (replacedAt !== undefined) await sleep(AFTERMATH_MS);
  const mendedFrom = performance.now();
  await injection.heal();
  const healedAt = performance.now();
  await sleep(AFTERMATH_MS);
  return replacedAt === undefined
    ? { injectedAt, healedAt, endedAt: healedAt }
    : { injectedAt, healedAt, endedAt: replacedAt, judgedUntil: mendedFrom };
}

/** Waits until all nodes are exact and have nothing to settle; one that is not by then is judged by the counters. */
async function rest({ nodes }: Site): Promise<void> {
  const areAtRest = async () => (await Promise.all(nodes.map((node) => node.status()))).every(isAtRest);
  await eventually(areAtRest, { withinMs: REST_LIMIT_MS, everyMs: 25 }).catch(() => undefined);
}

function firstAttempt(attempt: Attempt, dueAt: number, { nodes }: Site, steal: CpuSteal): FirstAttempt {
  const node = nodes.find((one) => one.name === attempt.node)!;
  const seenMs = attempt.endedAt - dueAt;
  const oursMs = seenMs - CpuSteal.fromAny([steal, ...node.steal], dueAt, attempt.endedAt);
  return { attempt, dueAt, seenMs, oursMs };
}

function wasDisturbed({ nodes }: Site, { node, sentAt, endedAt }: Attempt): boolean {
  return nodes.some((one) => one.name === node && one.wasDisturbed(sentAt, endedAt));
}

function mayBeForgotten({ nodes }: Site, attempt: Attempt): boolean {
  if (!decisionOf(attempt)?.degraded) return false;
  return nodes.some((one) => one.name === attempt.node && one.mayHaveForgotten(attempt.endedAt));
}

/**
 * The proxies between nodes and Redis are in this process. What they hold back while it has no core is no doing of
 * either, and a node that takes Redis for slow is right. What this process is busy with itself is not excused.
 */
function followsSteal({ sentAt, endedAt }: Attempt, steal: CpuSteal): boolean {
  return steal.longestWithin(sentAt - AFTER_STEAL_MS, endedAt) > NOTICEABLE_STEAL_MS;
}

function statusesOf({ nodes }: Site): Promise<(NodeStatus | undefined)[]> {
  return Promise.all(nodes.map((node) => node.status()));
}

/** By how much a count grew on all nodes together; one that was restarted counts from 0. */
function growth(
  before: readonly (NodeStatus | undefined)[],
  after: readonly (NodeStatus | undefined)[],
  count: (status: NodeStatus) => number,
): number {
  const grown = after.map((status, index) => {
    const [now, then] = [status, before[index]].map((one) => (one ? count(one) : 0)) as [number, number];
    return now >= then ? now - then : now;
  });
  return grown.reduce((sum, one) => sum + one, 0);
}
