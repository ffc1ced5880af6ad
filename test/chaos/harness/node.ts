import type { StoreMode } from '@sundial/engine';
import type { CpuSteal } from '../../support/cpu-steal.js';
import type { AdminWrite, WriteAnswer } from './admin/admin-write.js';
import type { Answer } from './history.js';
import type { Ending, EndingAnswer } from './reservations/ending.js';
import type { Operation } from './workload.js';

/** What a node says of itself. Counts are since its start. */
export interface NodeStatus {
  readonly mode: StoreMode;
  /** Decisions without the store that are not settled yet. */
  readonly pending: number;
  /** Acknowledged operations still to be replayed to a store that may have lost them, and those it had lost. */
  readonly toReplay: number;
  readonly replayed: number;
  /** Operations in intervals that the node reports as uncertain. */
  readonly uncertain: number;
  /** Decisions that will never be recorded in the store. */
  readonly lost: number;
}

/** Decides checks, and may have faults injected. */
export interface ChaosNode {
  readonly name: string;
  /** Checks it, or reserves. Never rejects. */
  check(operation: Operation): Promise<Answer>;
  /** Never rejects. */
  end(ending: Ending): Promise<EndingAnswer>;
  /** Never rejects. */
  write(write: AdminWrite): Promise<WriteAnswer>;
  /** Undefined when it does not say. */
  status(): Promise<NodeStatus | undefined>;
  /** Whether a fault was injected into the node itself in an interval, so that callers could not be answered in time. */
  wasDisturbed(from: number, to: number): boolean;
  /** Whether it was killed so soon after it said something that this may not have been on its disk. */
  mayHaveForgotten(saidAt: number): boolean;
  /** When the machine gave the processor to others while the node's process wanted to run. */
  readonly steal: readonly CpuSteal[];
}

/** The store decides, and has everything that was decided. */
export function isAtRest(status: NodeStatus | undefined): boolean {
  return status?.mode === 'exact' && status.pending === 0 && status.toReplay === 0;
}
