import type { RedisTarget } from '@sundial/redis';
import type { Fault } from '../fault.js';
import type { CampaignNode } from '../node.js';

/** Nodes and the store they count in. */
export interface Site {
  readonly nodes: readonly CampaignNode[];
  /** The way to the books, beside whatever happens to the nodes' own. */
  readonly books: RedisTarget;
  /** Waits until everything is as in the beginning, so that something else may happen. */
  whole(): Promise<void>;
  stop(): Promise<void>;
}

/** A kind of store, and all that can happen there. */
export interface Topology<S extends Site> {
  readonly name: string;
  readonly faults: readonly Fault<S>[];
  start(): Promise<S>;
}
