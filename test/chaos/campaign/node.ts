import type { StoreMode } from '@sundial/engine';
import type { StolenTime } from '../../support/stolen-time.js';
import type { Answer } from './history.js';
import type { Operation } from './load.js';

/** What a node says of itself. Counts are since its start. */
export interface Standing {
  readonly mode: StoreMode;
  /** Decisions the books do not show yet. */
  readonly owed: number;
  /** Operations still to be told again to a store that may have lost them, and those it had lost. */
  readonly toReassert: number;
  readonly toldAgain: number;
  /** Operations of which it says that nobody can know the truth. */
  readonly unverifiable: number;
  /** Decisions the books will never show. */
  readonly lost: number;
}

/** Something that decides checks, and to which faults may happen. */
export interface CampaignNode {
  readonly name: string;
  /** Never rejects. */
  check(operation: Operation): Promise<Answer>;
  /** Undefined when it does not say. */
  standing(): Promise<Standing | undefined>;
  /** Whether a fault was done to the node itself at some time in a span, so that callers could not be answered in time. */
  wasStruck(from: number, to: number): boolean;
  /** Whether it was killed so soon after it said something that this may not have been on its disk. */
  mayHaveForgotten(saidAt: number): boolean;
  /** When the machine gave the processor to others while the node's process wanted to run. */
  readonly stolen: readonly StolenTime[];
}

/** A node answers nothing and owes nothing, or says so. */
export function isAtRest(standing: Standing | undefined): boolean {
  return standing?.mode === 'exact' && standing.owed === 0 && standing.toReassert === 0;
}
