import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.js';
import { openLoop } from '../../support/open-loop.js';
import { StolenTime } from '../../support/stolen-time.js';
import { questionsOf, type Auditor } from './auditor.js';
import { accountsOf, compare, decisionOf, type Account, type Verdict } from './books.js';
import { Caller } from './caller.js';
import type { Fault } from './fault.js';
import { History, type HistoryFile, type Telling } from './history.js';
import { hotUser, Load } from './load.js';
import { LateTimes } from './late-times.js';
import { isAtRest, type Standing } from './node.js';
import { Random } from './random.js';
import { Recovery } from './recovery.js';
import { RULES } from './rules.js';
import type { Site } from './sites/site.js';

const RATE_PER_SECOND = 200;
const CALM_MS: readonly [least: number, most: number] = [300, 700];
/** An emptied Redis is found out within a second, and recovery is promised within two. */
const AFTERMATH_MS = 2_300;
const REST_LIMIT_MS = 30_000;

/** One fault under load, and what callers and books say afterwards. */
export interface Episode {
  readonly name: string;
  readonly fault: string;
  /** Nothing was done to Redis: all of it is to be decided by it. */
  readonly sparesRedis: boolean;
  /** When this process, and so its proxies, did not get round to their work. */
  readonly late: LateTimes;
  /** Monotonic. */
  readonly struckAt: number;
  readonly tellings: readonly Telling[];
  readonly accounts: ReadonlyMap<string, Account>;
  readonly verdict: Verdict;
  /** Tries that came to no decision, of nodes to which nothing was done (I5). */
  readonly failures: readonly Telling[];
  /** Tries that came to none, of nodes that were killed, frozen or leaving. */
  readonly unanswered: number;
  readonly latencies: readonly Latency[];
  readonly recoveredMs: number;
  /** Operations that the store had acknowledged and lost, and was told again. */
  readonly toldAgain: number;
  /** Operations that the nodes said nobody can know about. */
  readonly unverifiable: number;
}

/** Of a first try, from when it was due: as its caller saw it, and less what the machine took from caller or node. */
export interface Latency {
  readonly seenMs: number;
  readonly oursMs: number;
}

export interface EpisodeOptions<S extends Site> {
  readonly seed: number;
  /** Nobody else's: it names its operations and its subjects. */
  readonly name: string;
  readonly fault: Fault<S>;
  readonly site: S;
  readonly auditor: Auditor;
  readonly copy?: HistoryFile | undefined;
}

/** Strikes a site under load, heals it, waits until it is at rest, and compares the books with what callers were told. */
export async function endure<S extends Site>(options: EpisodeOptions<S>): Promise<Episode> {
  const { seed, name, fault, site, auditor, copy } = options;
  const { nodes } = site;
  await rest(site);
  const before = await standingsOf(site);
  const history = new History(copy);
  const caller = new Caller(nodes, new Load(seed, name), history);
  const recovery = new Recovery(nodes);
  const stolen = StolenTime.ofThisProcess();
  const late = new LateTimes();
  const end = new AbortController();
  const startedAt = performance.now();
  const load = openLoop({
    ratePerSecond: RATE_PER_SECOND,
    durationMs: Infinity,
    signal: end.signal,
    call: (index) => caller.call(index),
  });
  const wound = await strike(options, caller).finally(() => end.abort());
  const { arrivals, errors } = await load;
  if (errors.length > 0) throw errors[0];
  await rest(site);
  await caller.askAgain();
  await rest(site);
  recovery.stop();
  stolen.stop();
  late.stop();

  const { tellings } = history;
  const after = await standingsOf(site);
  const wasStruck = ({ node, sentAt, endedAt }: Telling) =>
    nodes.some((one) => one.name === node && one.wasStruck(sentAt, endedAt));
  const mayBeForgotten = ({ node, endedAt, answer }: Telling) =>
    answer.kind === 'decided' &&
    answer.decision.degraded !== null &&
    nodes.some((one) => one.name === node && one.mayHaveForgotten(endedAt));
  const accounts = accountsOf(tellings, RULES, mayBeForgotten);
  const undecided = tellings.filter((telling) => !decisionOf(telling));
  const degraded = tellings.filter((telling) => decisionOf(telling)?.degraded);
  return {
    name,
    fault: fault.name,
    sparesRedis: fault.sparesRedis ?? false,
    late,
    struckAt: wound.struckAt,
    tellings,
    accounts,
    verdict: compare(accounts, await auditor.read(questionsOf(tellings))),
    failures: undecided.filter((telling) => !wasStruck(telling)),
    unanswered: undecided.filter(wasStruck).length,
    latencies: arrivals
      .filter(({ result }) => decisionOf(result) && !wasStruck(result))
      .map(({ result, dueMs }) => {
        const [dueAt, { endedAt }] = [startedAt + dueMs, result];
        const node = nodes.find((one) => one.name === result.node)!;
        const notOurs = StolenTime.fromAny([stolen, ...node.stolen], dueAt, endedAt);
        return { seenMs: endedAt - dueAt, oursMs: endedAt - dueAt - notOurs };
      }),
    recoveredMs: recovery.from(
      wound.endedAt,
      degraded.map(({ endedAt }) => endedAt),
      wound.judgedUntil,
    ),
    toldAgain: growth(before, after, ({ toldAgain }) => toldAgain),
    unverifiable: growth(before, after, ({ unverifiable }) => unverifiable),
  };
}

/** When a fault began, when it was over, and until when what happened was its doing. */
interface Struck {
  readonly struckAt: number;
  readonly endedAt: number;
  readonly judgedUntil?: number;
}

async function strike<S extends Site>(
  { seed, name, fault, site }: EpisodeOptions<S>,
  caller: Caller,
): Promise<Struck> {
  const random = new Random(seed, `${name} fault`);
  await sleep(random.integer(...CALM_MS));
  const lastsMs = random.integer(...fault.lastsMs);
  const struckAt = performance.now();
  const wound = await fault.strike(site, { random, lastsMs, busyUser: hotUser(name, 0), caller });
  const replaced = wound.replaced?.then(() => performance.now());
  // Whoever waits for it does so later, and another error may come first.
  replaced?.catch(() => undefined);
  await sleep(lastsMs);
  const replacedAt = await replaced;
  if (replacedAt !== undefined) await sleep(AFTERMATH_MS);
  const mendedFrom = performance.now();
  await wound.heal();
  const healedAt = performance.now();
  await sleep(AFTERMATH_MS);
  return replacedAt === undefined
    ? { struckAt, endedAt: healedAt }
    : { struckAt, endedAt: replacedAt, judgedUntil: mendedFrom };
}

/** Waits until all nodes are exact and owe nothing; who is not by then is judged by the books. */
async function rest({ nodes }: Site): Promise<void> {
  const areAtRest = async () => (await Promise.all(nodes.map((node) => node.standing()))).every(isAtRest);
  await eventually(areAtRest, { withinMs: REST_LIMIT_MS, everyMs: 25 }).catch(() => undefined);
}

function standingsOf({ nodes }: Site): Promise<(Standing | undefined)[]> {
  return Promise.all(nodes.map((node) => node.standing()));
}

/** By how much a count grew on all nodes together; one that was restarted counts from 0. */
function growth(
  before: readonly (Standing | undefined)[],
  after: readonly (Standing | undefined)[],
  count: (standing: Standing) => number,
): number {
  const grown = after.map((standing, index) => {
    const [now, then] = [standing, before[index]].map((one) => (one ? count(one) : 0)) as [number, number];
    return now >= then ? now - then : now;
  });
  return grown.reduce((sum, one) => sum + one, 0);
}
