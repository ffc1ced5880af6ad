import { decisionOf } from '../harness/expected-counters.js';
import type { Experiment, Latency } from '../harness/experiment.js';
import { brokenIn, type Broken } from '../harness/invariants.js';

/** What remains of an experiment when its history is gone. */
export interface Finding extends Broken {
  readonly topology: string;
  readonly fault: string;
  /** Attempts, at any node, and those of them that a policy decided. */
  readonly calls: number;
  readonly degraded: number;
  /** Attempts that a node left undecided because it was killed, frozen or leaving. */
  readonly cutOff: number;
  readonly overByLocal: number;
  readonly latencies: readonly Latency[];
  readonly recoveredMs: number;
}

export function findingOf(topology: string, experiment: Experiment): Finding {
  const { fault, attempts, unanswered, verdict, latencies, recoveredMs } = experiment;
  return {
    ...brokenIn(experiment),
    topology,
    fault,
    calls: attempts.length,
    degraded: degradedIn(experiment),
    cutOff: unanswered,
    overByLocal: verdict.unitsOverByLocal,
    latencies,
    recoveredMs,
  };
}

function degradedIn({ attempts }: Experiment): number {
  return attempts.filter((attempt) => decisionOf(attempt)?.degraded).length;
}
