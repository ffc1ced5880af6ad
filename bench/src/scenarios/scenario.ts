import type { Row } from '../report/row.js';

/** One thing that is measured: a file of `scenarios/`. */
export interface Scenario {
  readonly name: string;
  /** What it is held to, in a sentence. */
  readonly budget: string;
  run(effort: Effort): Promise<readonly Row[]>;
}

/** The deadline of a check and a margin: no caller is due an answer later than this (DESIGN, I4). */
export const LATEST_ANSWER_MS = 65;

/** How long a run may take: `--quick` finds out whether everything works, only a full run is worth keeping. */
export interface Effort {
  /** Each round measures every competitor once, in turn; what is reported is the median of the rounds. */
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
  /** Of the memory scenario; both fill Redis' tables, whose sizes are powers of two, to the same degree. */
  readonly subjects: number;
  /** Writes of the scenario of live rules. */
  readonly writes: number;
  /** Of the scenario of the embedded store: subjects with counters, and remembered operations. */
  readonly kept: { readonly subjects: number; readonly operations: readonly number[] };
}

export const QUICK: Effort = {
  rounds: 3,
  roundMs: 400,
  warmUpMs: 400,
  subjects: 25_000,
  writes: 30,
  kept: { subjects: 20_000, operations: [100_000] },
};
export const FULL: Effort = {
  rounds: 5,
  roundMs: 3_000,
  warmUpMs: 2_000,
  subjects: 100_000,
  writes: 100,
  kept: { subjects: 1_000_000, operations: [5_000_000, 10_000_000] },
};
