import { errorOf, excessOf, sum } from './expected-counters.js';
import type { Experiment } from './experiment.js';
import { MAX_AMOUNT } from './workload.js';

/** What broke in an experiment, whichever nodes and store it was on; all of it is 0 when nothing did. */
export interface Broken {
  /** Units allowed by the store above a max, beyond those that it had lost and nodes replayed (I1). */
  readonly i1: number;
  /** Units by which counters are wrong, beyond those of operations that nodes reported as uncertain (I2, I3, I8, I13). */
  readonly i2: number;
  /** Checks that got a 5xx, or nothing, from a node into which no fault was injected (I5). */
  readonly i5: number;
  /** Checks decided without a Redis that was healthy, because of load (I16). */
  readonly i16: number;
}

export function brokenIn({ verdict, failures, degradedByLoad, replayed, uncertain }: Experiment): Broken {
  return {
    i1: Math.max(0, sum(verdict.overAdmitted, excessOf) - replayed * MAX_AMOUNT),
    i2: Math.max(0, sum(verdict.differences, errorOf) - uncertain * MAX_AMOUNT),
    i5: failures.length,
    i16: degradedByLoad.length,
  };
}

export function isBroken({ i1, i2, i5, i16 }: Broken): boolean {
  return i1 + i2 + i5 + i16 > 0;
}
