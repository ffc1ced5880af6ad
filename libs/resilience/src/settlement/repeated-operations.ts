import { RECENT_MS, type RecentOperation } from './recent-operations.js';

/** Kept at most, the latest; about 500 bytes each. */
const MAX_REPEATED = 8_192;

/**
 * Operations that were repeated here, and had been counted by another try of them: that of a client that asked two nodes,
 * maybe of one that is gone since, or that took its own try back. This node told somebody that they are counted, so it
 * can tell the store again.
 */
export class RepeatedOperations {
  readonly #kept = new Map<string, RecentOperation>();

  note(operation: RecentOperation): void {
    const { id } = operation.operation;
    // Behind all others, and an id that was forgotten and used for something else is that now.
    this.#kept.delete(id);
    this.#kept.set(id, operation);
    if (this.#kept.size > MAX_REPEATED) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** Those that can still be told again at `now`, and that are not among what is told again anyway. */
  beside(told: readonly RecentOperation[], now: number): RecentOperation[] {
    const counted = new Set(
      told.flatMap(({ intent, operation }) => (intent === 'count' ? [operation.id] : [])),
    );
    return [...this.#kept.values()].filter(
      ({ at, operation }) => at > now - RECENT_MS && !counted.has(operation.id),
    );
  }
}
