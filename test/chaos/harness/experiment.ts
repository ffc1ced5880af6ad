import { setTimeout as sleep } from 'node:timers/promises';
import { CpuSteal } from '../../support/cpu-steal.js';
import { openLoop } from '../../support/open-loop.js';
import type { Auditor } from './auditor.js';
import { Caller } from './caller.js';
import type { FaultScenario } from './fault-scenario.js';
import { Flood } from './flood/flood.js';
import { decisionOf, History, type Attempt, type HistoryFile, type Loss } from './history.js';
import { conclude, judge, rest, wasDisturbed, type Judged } from './judge.js';
import type { NodeStatus } from './node.js';
import { Random } from './random.js';
import { Recovery } from './recovery.js';
import type { Site } from './sites/site.js';
import type { Workload } from './workload.js';

const RATE_PER_SECOND = 200;
const CALM_MS: readonly [least: number, most: number] = [300, 700];
/** A Redis that was emptied is found out within a second, and recovery is promised within two. */
const AFTERMATH_MS = 2_300;

/** One fault under load, and what callers and counters say afterwards. */
export interface Experiment extends Judged {
  /** When `heal` had ended the fault, and from when recovery counts. Monotonic. */
  readonly healedAt: number;
  readonly endedAt: number;
  /** The first attempt of each call of the load, in the order of their answers. */
  readonly calls: readonly FirstAttempt[];
  readonly latencies: readonly Latency[];
  readonly recoveredMs: number;
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
    const lost = (loss: Loss) => {
      history.loss = loss;
      caller.addAgain();
    };
    const injected = await inject(options, { flood, lost }).finally(() => end.abort());
    const { arrivals, errors } = await calling;
    await caller.finish();
    if (errors.length > 0) throw errors[0];
    for await (const attempt of flood?.attempts() ?? []) history.note(attempt);
    await conclude(site, caller);

    const after = await statusesOf(site);
    const judged = await judge({
      site,
      history,
      load,
      auditor,
      steal: fault.sparesRedis ? steal : undefined,
    });
    const calls = arrivals.map(({ result, dueMs }) => firstAttempt(result, startedAt + dueMs, site, steal));
    const degradedAt = judged.attempts.filter((attempt) => decisionOf(attempt)?.degraded);
    return {
      ...injected,
      ...judged,
      name: options.name,
      fault: fault.name,
      calls,
      latencies: calls.filter(({ attempt }) => decisionOf(attempt) && !wasDisturbed(site, attempt)),
      recoveredMs: recovery.from(
        injected.endedAt,
        degradedAt.map(({ endedAt }) => endedAt),
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
  { flood, lost }: { readonly flood: Flood | undefined; readonly lost: (loss: Loss) => void },
): Promise<Injected> {
  const random = new Random(seed, `${name} fault`);
  await sleep(random.integer(...CALM_MS));
  const lastsMs = random.integer(...fault.lastsMs);
  await rest(site);
  const from = performance.now();
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
  if (fault.empties) lost({ from, to: healedAt });
  await sleep(AFTERMATH_MS);
  return replacedAt === undefined
    ? { injectedAt, healedAt, endedAt: healedAt }
    : { injectedAt, healedAt, endedAt: replacedAt, judgedUntil: mendedFrom };
}

function firstAttempt(attempt: Attempt, dueAt: number, { nodes }: Site, steal: CpuSteal): FirstAttempt {
  const node = nodes.find((one) => one.name === attempt.node)!;
  const seenMs = attempt.endedAt - dueAt;
  const oursMs = seenMs - CpuSteal.fromAny([steal, ...node.steal], dueAt, attempt.endedAt);
  return { attempt, dueAt, seenMs, oursMs };
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
