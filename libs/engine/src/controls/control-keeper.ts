import type { ControlWritten } from '@sundial/contract';
import type { ControlRecord } from './control-record.js';

/** Where gates, brakes and drills are kept, and by which the nodes hear of each other's. */
export interface ControlKeeper {
  /** This node's name in its records. */
  readonly node: string;
  /**
   * Keeps what this node has written, and tells the others. Resolves when all live ones have it in force, or after 2 s; without
   * the store at once, or after 2 s. It never rejects: what could not be kept now is kept later.
   */
  keep(record: ControlRecord): Promise<ControlWritten>;
}
