import type { CheckRequest, Decision, DegradedCause } from './quota.js';

/**
 * What an engine tells whoever counts and logs. Calls are synchronous and on the hot path: do little, never throw.
 * Every degraded decision passes here (I14).
 */
export interface QuotaObserver {
  decided?(request: CheckRequest, decision: Decision, elapsedMs: number): void;
  /** The store's state as this node sees it changed; called once a transition, not once a call. */
  modeChanged?(mode: StoreMode, cause: DegradedCause | null): void;
}

/** `exact`: the store decides. `degraded`: the rules' policies do. */
export type StoreMode = 'exact' | 'degraded';

/** A reading for health pages and gauges. */
export interface EngineStatus {
  readonly store: 'redis' | 'embedded';
  readonly mode: StoreMode;
  readonly cause: DegradedCause | null;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Calls given to the store and neither answered nor known to be lost. */
  readonly inFlight: number;
  /** The store's clock minus this node's wall clock. */
  readonly clockOffsetMs: number;
  /** Decisions made without the store that its books do not show yet, and how many never will. */
  readonly owed: number;
  readonly lost: number;
}
