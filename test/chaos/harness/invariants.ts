import { errorOf, excessOf, meterOf, sum, type Account } from './expected-counters.js';
import type { Judged } from './judge.js';
import { MAX_AMOUNT, MAX_TOKENS } from './workload.js';

/** What broke in an experiment, whichever nodes and store it was on; all of it is 0 when nothing did. */
export interface Broken {
  /** Units allowed by the store above a max, beyond those that it had lost and nodes replayed (I1). */
  readonly i1: number;
  /** Units by which counters are wrong, beyond those of operations that nodes reported as uncertain (I2, I3, I8, I13). */
  readonly i2: number;
  /** Checks, reserves and endings that got a 5xx, or nothing, from a node into which no fault was injected (I5). */
  readonly i5: number;
  /** Answers to endings that contradict each other, or what was asked (I13). */
  readonly i13: number;
  /** Units that are still held when every reservation has ended or expired (I15). */
  readonly i15: number;
  /** Checks decided without a Redis that was healthy, because of load (I16). */
  readonly i16: number;
}

export function brokenIn(experiment: Judged): Broken {
  const { verdict, failures, failedEndings, contradictions, degradedByLoad, replayed, uncertain } =
    experiment;
  return {
    i1: unexplained(verdict.overAdmitted, excessOf, replayed),
    i2: unexplained(
      verdict.differences.map((difference) => ({ ...difference.account, error: errorOf(difference) })),
      ({ error }) => error,
      uncertain,
    ),
    i5: failures.length + failedEndings.length,
    i13: contradictions.length,
    i15: sum(verdict.leaked, ({ reserved }) => reserved),
    i16: degradedByLoad.length,
  };
}

/** The units of each meter beyond what so many operations took at most. */
export function unexplained<A extends Account>(
  accounts: readonly A[],
  unitsOf: (account: A) => number,
  operations: number,
): number {
  const beyond = ([meter, most]: readonly [string, number]) =>
    Math.max(
      0,
      sum(
        accounts.filter(({ counter }) => meterOf(counter) === meter),
        unitsOf,
      ) -
        operations * most,
    );
  return sum(MOST_TAKEN, beyond);
}

const MOST_TAKEN = [
  ['units', MAX_AMOUNT],
  ['tokens', MAX_TOKENS],
] as const;

export function isBroken({ i1, i2, i5, i13, i15, i16 }: Broken): boolean {
  return i1 + i2 + i5 + i13 + i15 + i16 > 0;
}

export function brokenText({ i1, i2, i5, i13, i15, i16 }: Broken): string {
  return `I1 ${i1}, I2 ${i2} units, I5 ${i5} calls, I13 ${i13} answers, I15 ${i15} units, I16 ${i16} checks`;
}
