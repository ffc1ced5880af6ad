import type { SettleRequest } from '@sundial/engine/ports';
import { REPLAYABLE_MS } from './acknowledged-operations.js';

/** Kept at most, the latest; about 500 bytes each. */
const MAX_REPEATED = 8_192;

/**
 * Operations that were repeated here, and had been counted by another try of them: that of a client that asked two nodes,
 * maybe of one that is gone since, or that took its own try back. This node answered a caller that they are counted, so it
 * can replay them.
 */
export class RepeatedOperations {
  readonly #kept = new Map<string, SettleRequest>();

  note(operation: SettleRequest): void {
    // One is in two parts where packs gave to some of its counters (`by-giving.ts`).
    const name = `${operation.counters[0]?.key} ${operation.operation.id}`;
    // Behind all others, and an id that was forgotten and used for something else is that now.
    this.#kept.delete(name);
    this.#kept.set(name, operation);
    if (this.#kept.size > MAX_REPEATED) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** Those that can still be replayed at `now`, and that are not among what is replayed anyway. */
  beside(replayed: readonly SettleRequest[], now: number): SettleRequest[] {
    const counted = new Set(
      replayed.flatMap(({ intent, operation }) => (intent === 'void' ? [] : [operation.id])),
    );
    return [...this.#kept.values()].filter(
      ({ decidedAt, operation }) => decidedAt > now - REPLAYABLE_MS && !counted.has(operation.id),
    );
  }
}
