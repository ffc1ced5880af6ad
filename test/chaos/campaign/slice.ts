import type { UsageRequest } from '@sundial/contract';
import { Auditor, questionsOf } from './auditor.js';
import { compare, errorOf, sum, type Account } from './books.js';
import { endure, type Episode } from './episode.js';
import type { Fault } from './fault.js';
import type { HistoryFile } from './history.js';
import { Random } from './random.js';
import type { Site, Topology } from './sites/site.js';

export interface SliceOptions {
  readonly seed: number;
  /** How many faults happen, one after the other. */
  readonly episodes: number;
  /** Only faults whose names contain one of these; default all. */
  readonly faults?: readonly string[] | undefined;
  readonly copy?: HistoryFile | undefined;
  /** Told of each as it ends. */
  readonly ended: (episode: Episode) => void;
  /** Told when servers did not start and are started again, and why. */
  readonly retried?: (why: string) => void;
}

/** What the books must still say at the end of a slice. */
interface Remembered {
  readonly fault: Pick<Fault<never>, 'restartsNode'>;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly questions: readonly UsageRequest[];
}

/**
 * Some faults on one site, as the seed says. Gives the units by which the books of all episodes are wrong in the end:
 * what comes late, or what a later fault damaged, shows only then.
 */
export async function runSlice<S extends Site>(
  topology: Topology<S>,
  options: SliceOptions,
): Promise<number> {
  const { seed, copy, ended } = options;
  const faults = faultsOf(topology.faults, options);
  if (faults.length === 0) return 0;
  const site = await startOf(topology, options);
  const auditor = new Auditor(site.books);
  try {
    const remembered: Remembered[] = [];
    for (const [index, fault] of faults.entries()) {
      await site.whole();
      const episode = await endure({ seed, name: `s${seed}-e${index}`, fault, site, auditor, copy });
      if (fault.empties) forget(remembered);
      remembered.push({ fault, accounts: episode.accounts, questions: questionsOf(episode.tellings) });
      ended(episode);
    }
    const errors = remembered.map(async ({ accounts, questions }) =>
      sum(compare(accounts, await auditor.read(questions)).differences, errorOf),
    );
    return sum(await Promise.all(errors), (error) => error);
  } finally {
    await auditor.close();
    await site.stop();
  }
}

/** A busy machine may take longer than a start is waited for: that is no finding about Sundial. */
async function startOf<S extends Site>(topology: Topology<S>, { retried }: SliceOptions): Promise<S> {
  for (let tries = 1; ; tries++) {
    try {
      return await topology.start();
    } catch (error) {
      if (tries === MAX_STARTS) throw error;
      retried?.(`${topology.name} did not start and is started again: ${(error as Error).message}`);
    }
  }
}

const MAX_STARTS = 3;

/** All faults of a topology are in this order, mixed once and for all, so that every slice has different kinds of them. */
const DEALING_SEED = 1;

/** Consecutive seeds go through the whole list, each in an order of its own. */
function faultsOf<S>(
  all: readonly Fault<S>[],
  { seed, episodes, faults }: Pick<SliceOptions, 'seed' | 'episodes' | 'faults'>,
): Fault<S>[] {
  const wanted = faults ? all.filter(({ name }) => faults.some((part) => name.includes(part))) : all;
  if (wanted.length === 0) return [];
  const pack = new Random(DEALING_SEED, 'pack').shuffled(wanted);
  const dealt = Array.from(
    { length: episodes },
    (_, index) => pack[(seed * episodes + index) % pack.length]!,
  );
  return new Random(seed, 'order').shuffled(dealt);
}

/** Whatever was counted before a node began anew, nobody can tell again to a store that has lost it. */
function forget(remembered: Remembered[]): void {
  remembered.splice(0, remembered.findLastIndex(({ fault }) => fault.restartsNode) + 1);
}
