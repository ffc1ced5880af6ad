import { eventually } from '../../support/eventually.js';
import type { EngineSite } from './engine-site.js';
import type { Experiment } from './experiment.js';

/** The servers that watch a master notice, agree and promote a replica in less than this. */
const FAULT_MS = 2_800;

/** What happens to a master until another one is in its place, and what to do with it afterwards. */
export interface Failover {
  inject(): unknown;
  promoted(): Promise<unknown>;
  heal(): unknown;
}

export interface FailoverExperiment {
  readonly experiment: Experiment;
  /** At most so many operations that the old master had acknowledged were unknown to the new one. */
  readonly replayedOperations: number;
}

/** Goes through a failover under load, until all that the old master took with it was replayed. */
export async function runFailover(
  site: EngineSite,
  { inject, promoted, heal }: Failover,
): Promise<FailoverExperiment> {
  const experiment = await site.runExperiment({ inject, replaced: promoted, heal, forMs: FAULT_MS });
  await eventually(() => site.engine.journal().toReplay === 0);
  return { experiment, replayedOperations: site.engine.journal().replayed.counted };
}
