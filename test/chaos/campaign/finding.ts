import type { Experiment, Latency } from '../harness/experiment.js';
import { decisionOf } from '../harness/history.js';
import { brokenIn, type Broken } from '../harness/invariants.js';

/** What remains of an experiment when its history is gone. */
export interface Finding extends Broken {
  readonly topology: string;
  readonly fault: string;
  /** Attempts, at any node, and those of them that a policy decided. */
  readonly calls: number;
  readonly degraded: number;
  /** Of the attempts, those that reserved, and how often one was ended, extended or refunded, at any node. */
  readonly reserves: number;
  readonly endings: number;
  /** Attempts that a node left undecided because it was killed, frozen or leaving. */
  readonly cutOff: number;
  readonly overByLocal: number;
  readonly latencies: readonly Latency[];
  readonly recoveredMs: number;
}

export function findingOf(topology: string, experiment: Experiment): Finding {
  const { fault, attempts, endings, unanswered, verdict, latencies, recoveredMs } = experiment;
  return {
    ...brokenIn(experiment),
    topology,
    fault,
    calls: attempts.length,
    degraded: degradedIn(experiment),
    reserves: attempts.filter(({ operation }) => operation.hold).length,
    endings: endings.length,
    cutOff: unanswered,
    overByLocal: verdict.unitsOverByLocal,
    latencies,
    recoveredMs,
  };
}

function degradedIn({ attempts }: Experiment): number {
  return attempts.filter((attempt) => decisionOf(attempt)?.degraded).length;
}
