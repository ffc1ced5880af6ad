import type { RedisTarget } from '@sundial/redis';
import type { FaultScenario } from '../fault-scenario.js';
import type { ChaosNode } from '../node.js';

/** Nodes and the store they count in. */
export interface Site {
  readonly nodes: readonly ChaosNode[];
  /** Where counters are audited: a way to the store that no fault is injected into. */
  readonly auditTarget: RedisTarget;
  /** Waits until everything is as in the beginning, so that something else may happen. */
  whole(): Promise<void>;
  stop(): Promise<void>;
}

/** A kind of store, and all that can happen there. */
export interface Topology<S extends Site> {
  readonly name: string;
  readonly faults: readonly FaultScenario<S>[];
  start(): Promise<S>;
}
