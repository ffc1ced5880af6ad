import type { UsageRequest } from '@sundial/contract';
import { Auditor, subjectsOf } from '../harness/auditor.js';
import { compare, errorOf, sum, type Account } from '../harness/expected-counters.js';
import { runExperiment, type Experiment } from '../harness/experiment.js';
import type { FaultScenario } from '../harness/fault-scenario.js';
import type { HistoryFile } from '../harness/history.js';
import { Load } from '../harness/load.js';
import { Random } from '../harness/random.js';
import { RULES } from '../harness/rules.js';
import { startSite } from '../harness/sites/start-site.js';
import type { Site, Topology } from '../harness/sites/site.js';

export interface SliceOptions {
  readonly seed: number;
  /** How many faults happen, one after the other. */
  readonly experiments: number;
  /** Only faults whose names contain one of these; default all. */
  readonly faults?: readonly string[] | undefined;
  readonly copy?: HistoryFile | undefined;
  /** Called with each as it ends. */
  readonly ended: (experiment: Experiment) => void;
  /** Called when servers did not start and are started again, with which and why. */
  readonly retried?: (why: string) => void;
}

/** What the counters must still be at the end of a slice. */
interface Remembered {
  readonly fault: Pick<FaultScenario<never>, 'restartsNode'>;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly requests: readonly UsageRequest[];
}

/**
 * Some faults on one site, as the seed says. Gives the units by which the counters of all experiments are wrong in the end:
 * what comes late, or what a later fault damaged, shows only then.
 */
export async function runSlice<S extends Site>(
  topology: Topology<S>,
  options: SliceOptions,
): Promise<number> {
  const { seed, copy, ended } = options;
  const faults = faultsOf(topology.faults, options);
  if (faults.length === 0) return 0;
  const site = await startSite(topology, options.retried);
  const auditor = new Auditor(site.auditTarget, RULES);
  try {
    const remembered: Remembered[] = [];
    for (const [index, fault] of faults.entries()) {
      const name = `s${seed}-e${index}`;
      // A pack of a server that takes over may lack what was last taken from it: no node replays that.
      const load = new Load(seed, name, !fault.losesWrites);
      const options = { seed, name, fault, site, load, auditor, copy };
      const experiment = await site
        .whole()
        .then(() => runExperiment(options))
        .catch((cause: Error) => {
          throw new Error(`${fault.name}: ${cause.message}`, { cause });
        });
      if (fault.empties) forget(remembered);
      remembered.push({ fault, accounts: experiment.accounts, requests: subjectsOf(experiment.attempts) });
      ended(experiment);
    }
    const errors = remembered.map(async ({ accounts, requests }) => {
      const { differences, leaked } = compare(accounts, await auditor.read(requests));
      return sum(differences, errorOf) + sum(leaked, ({ reserved }) => reserved);
    });
    return sum(await Promise.all(errors), (error) => error);
  } finally {
    await auditor.close();
    await site.stop();
  }
}

/** All faults of a topology are in this order, mixed once and for all, so that every slice has different kinds of them. */
const DEALING_SEED = 1;

/** Consecutive seeds go through the whole list, each in an order of its own. */
function faultsOf<S>(
  all: readonly FaultScenario<S>[],
  { seed, experiments, faults }: Pick<SliceOptions, 'seed' | 'experiments' | 'faults'>,
): FaultScenario<S>[] {
  const wanted = faults ? all.filter(({ name }) => faults.some((part) => name.includes(part))) : all;
  if (wanted.length === 0) return [];
  const pack = new Random(DEALING_SEED, 'pack').shuffled(wanted);
  const dealt = Array.from(
    { length: experiments },
    (_, index) => pack[(seed * experiments + index) % pack.length]!,
  );
  return new Random(seed, 'order').shuffled(dealt);
}

/** What was counted before a node was restarted, no node can replay to a store that has lost it. */
function forget(remembered: Remembered[]): void {
  remembered.splice(0, remembered.findLastIndex(({ fault }) => fault.restartsNode) + 1);
}
