import type { UncertainInterval } from './uncertain-intervals.js';
import type { SettleResult } from '../stores/settlement.js';

/** A reading of what was decided without the store, and of what became of it. Counts are since the start. */
export interface JournalStatus {
  /** `memory`: there is no file, so what is pending is lost with the process. */
  readonly sync: 'strict' | 'group' | 'memory';
  /** Settlements that the store has not acknowledged yet. */
  readonly pending: number;
  /** How long ago the oldest of them was decided; null when nothing is pending. */
  readonly oldestMs: number | null;
  /** The size of the file. */
  readonly bytes: number;
  /** Of the file that was found at the start: what could not be read, because a write had been cut off, or by damage. */
  readonly tornBytes: number;
  /** Decisions whose caller was answered while only this process knew them, though the journal should have too. */
  readonly unjournaled: number;
  /** Decisions that were refused instead of allowed, because a strict journal did not hold them in time. */
  readonly withheld: number;
  /** Operations that could only be added up, because there was no room for each of them. */
  readonly summed: number;
  /** Decisions that the counters will never show. */
  readonly lost: number;
  /** What the store said to settlements, by operations. */
  readonly settled: Readonly<Record<SettleResult['outcome'], number>>;
  /** Operations that are still to be replayed, because the store may have lost them. */
  readonly toReplay: number;
  /** What the store said to those that were: `counted`, it had lost it. */
  readonly replayed: Readonly<Record<SettleResult['outcome'], number>>;
  /** Intervals in which the node cannot say what became of some operations. */
  readonly uncertainIntervals: readonly UncertainInterval[];
}

const NO_OUTCOMES: JournalStatus['settled'] = {
  counted: 0,
  'already-counted': 0,
  reversed: 0,
  voided: 0,
  late: 0,
  conflict: 0,
  'wrong-type': 0,
};

/** Nothing was ever decided without the store. */
export const EMPTY_JOURNAL: JournalStatus = {
  sync: 'memory',
  pending: 0,
  oldestMs: null,
  bytes: 0,
  tornBytes: 0,
  unjournaled: 0,
  withheld: 0,
  summed: 0,
  lost: 0,
  settled: NO_OUTCOMES,
  toReplay: 0,
  replayed: NO_OUTCOMES,
  uncertainIntervals: [],
};
