import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Experiment } from '../harness/experiment.js';
import { brokenText, isBroken } from '../harness/invariants.js';
import { findingOf, type Finding } from './finding.js';
import type { HistoryFile } from '../harness/history.js';
import type { Plan, TopologyName } from './options.js';
import { runSlice, type SliceOptions } from './slice.js';
import { CLUSTER } from '../harness/sites/cluster.js';
import { SENTINEL } from '../harness/sites/sentinel.js';
import { STANDALONE } from '../harness/sites/standalone.js';
import { story } from '../harness/story.js';

/** What a campaign found. */
export interface Campaign {
  readonly findings: readonly Finding[];
  /** Each violated promise, with the command that repeats it. */
  readonly stories: readonly string[];
  /** Slices that ended early, because a fault could not be brought about. */
  readonly leftOut: readonly string[];
  /** How long this process was busy with itself, which callers' latencies contain. */
  readonly stalledP999Ms: number;
  readonly tookS: number;
}

const SLICES: Readonly<Record<TopologyName, (options: SliceOptions) => Promise<number>>> = {
  standalone: (options) => runSlice(STANDALONE, options),
  sentinel: (options) => runSlice(SENTINEL, options),
  cluster: (options) => runSlice(CLUSTER, options),
};
/** Of all topologies, each once. */
export const FAULT_NAMES: readonly string[] = [
  ...new Set([STANDALONE, SENTINEL, CLUSTER].flatMap(({ faults }) => faults.map(({ name }) => name))),
];
/** Read again when everything is over. */
const IN_THE_END = 'all counters again, in the end';

/** Injects the faults of a plan into real processes. `report` gets a line for each as it ends. */
export async function run(plan: Plan, report: (line: string) => void, copy?: HistoryFile): Promise<Campaign> {
  const findings: Finding[] = [];
  const stories: string[] = [];
  const leftOut: string[] = [];
  const startedAt = performance.now();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (const seed of plan.seeds) {
    for (const topology of plan.topologies) {
      const experiments = plan.experiments[topology];
      const only = plan.faults ? ` --faults '${plan.faults.join(',')}'` : '';
      const replay = `npm run chaos -- --seed ${seed} --topology ${topology} --experiments ${experiments}${only}`;
      const broke = (what: string) => stories.push(`${what}\n  Again: ${replay}`);
      const ended = (experiment: Experiment) => {
        const finding = findingOf(topology, experiment);
        findings.push(finding);
        if (isBroken(finding)) broke(story(experiment));
        report(lineOf(seed, finding));
      };
      const slice = SLICES[topology]({
        seed,
        experiments,
        faults: plan.faults,
        copy,
        ended,
        retried: report,
      });
      const i2 = await slice.catch((error: Error) => {
        leftOut.push(`Seed ${seed} on ${topology} ended early: ${error.message.split('\n', 1)[0]}`);
        report(leftOut.at(-1)!);
        return 0;
      });
      if (findings.some((finding) => finding.topology === topology))
        findings.push({ ...NOTHING, topology, fault: IN_THE_END, i2 });
      if (i2 > 0) broke(`${topology}: in the end counters were wrong by ${i2} units that had been right.`);
    }
  }
  const stalledP999Ms = delay.percentile(99.9) / 1e6;
  delay.disable();
  return { findings, stories, leftOut, stalledP999Ms, tookS: (performance.now() - startedAt) / 1_000 };
}

const NOTHING: Omit<Finding, 'topology' | 'fault'> = {
  i1: 0,
  i2: 0,
  ...{ i5: 0, i13: 0, i15: 0, i16: 0 },
  ...{ calls: 0, degraded: 0, reserves: 0, endings: 0 },
  cutOff: 0,
  overByLocal: 0,
  latencies: [],
  recoveredMs: 0,
};

function lineOf(
  seed: number,
  { topology, fault, calls, degraded, endings, recoveredMs, ...found }: Finding,
): string {
  const broken = isBroken(found) ? `BROKEN: ${brokenText(found)}` : 'kept';
  return `seed ${seed}, ${topology}, ${fault}: ${calls} calls, ${endings} endings, ${degraded} degraded, exact again after ${Math.round(recoveredMs)} ms, ${broken}`;
}
