import { setTimeout as sleep } from 'node:timers/promises';
import type { Auditor } from '../auditor.js';
import { Caller } from '../caller.js';
import { byOperation, decisionOf, History, type Loss } from '../history.js';
import { conclude, judge, rest, type Judged } from '../judge.js';
import { Random } from '../random.js';
import { injectFaults, injectLoss } from './history-faults.js';
import { CALLS, HistoryLoad } from './history-load.js';
import type { HistorySite } from './history-site.js';

export interface Round {
  readonly site: HistorySite;
  readonly auditor: Auditor;
  /** A history each; all are played at once. The first one decides the faults, too. */
  readonly seeds: readonly number[];
  readonly faults: 'none' | 'that lose nothing' | 'that lose data';
  /** What they are about; default: everything. */
  readonly resources?: readonly string[] | undefined;
}

/** After the last call, holds that were left by their callers expire, and late commits come. */
const EXPIRED_MS = 1_200;
const MOST_AT_ONCE = 3;
const PAUSE_MS: readonly [least: number, most: number] = [20, 150];

/** Plays histories at once on one site, and judges each by itself when all is over. */
export async function playRound({ site, auditor, seeds, faults: kind, resources }: Round): Promise<Judged[]> {
  await rest(site);
  const played = seeds.map((seed) => {
    const history = new History();
    const load = new HistoryLoad(seed, `h${seed}`, resources);
    return { seed, history, load, caller: new Caller(site.nodes, load, history) };
  });
  const injectedAt = performance.now();
  const random = new Random(seeds[0]!, 'faults');
  const lost = (loss: Loss) => {
    for (const { history, caller } of played) {
      history.loss = loss;
      caller.addAgain();
    }
  };
  const inject = {
    none: () => [],
    'that lose nothing': () => injectFaults(site, random),
    'that lose data': () => injectLoss(site, random, lost),
  };
  const [faults] = await Promise.all([
    inject[kind](),
    ...played.map(({ seed, caller }) => play(caller, new Random(seed, 'pauses'))),
  ]);
  await Promise.all(played.map(({ caller }) => caller.finish()));
  await conclude(site, ...played.map(({ caller }) => caller));
  return Promise.all(
    played.map(async ({ seed, history, load }) => ({
      ...(await judge({ site, history, load, auditor })),
      ...{
        name: `seed ${seed} of SEED=${seeds[0]}`,
        fault: faults.join(', '),
        injectedAt,
        replayed: atStake(history),
        uncertain: 0,
      },
    })),
  );
}

/** Operations that the store may have lost, and that nodes may have replayed. */
function atStake({ attempts, loss }: History): number {
  if (loss === undefined) return 0;
  const before = attempts.filter((one) => one.sentAt < loss.to && decisionOf(one)?.allowed);
  return byOperation(before).size;
}

/** A few calls at once, and a pause, until all are made. */
async function play(caller: Caller, random: Random): Promise<void> {
  const calls: Promise<unknown>[] = [];
  while (calls.length < CALLS) {
    const together = Math.min(random.integer(1, MOST_AT_ONCE), CALLS - calls.length);
    for (let one = 0; one < together; one++) calls.push(caller.call(calls.length));
    await sleep(random.integer(...PAUSE_MS));
  }
  await Promise.all(calls);
  await sleep(EXPIRED_MS);
}
