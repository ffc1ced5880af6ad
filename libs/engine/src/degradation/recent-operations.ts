import { REMEMBER_MS, type CounterRef, type Counts, type Operation } from '../stores/store.js';
import type { SettleRequest } from '../stores/store.js';

/** Operations kept, the latest; about 500 bytes each. At 1,000 a second it is a minute. */
export const MAX_RECENT = 65_536;
/** Older ones a store may have forgotten while its counters show them: repeating them could count them twice. */
export const RECENT_MS = REMEMBER_MS - 60_000;

/** What a store said that it had done, so that it can be told again. */
export interface RecentOperation {
  /** Store clock. */
  readonly at: number;
  readonly intent: SettleRequest['intent'];
  readonly operation: Operation;
  readonly counters: readonly CounterRef[];
  readonly amount: number;
  /** Of these, only the picks matter. */
  readonly counts: Counts;
}

/** The latest operations that the store acknowledged to this node: what it can be told again when it has lost them. */
export class RecentOperations {
  /** Grows to its bound and is then written over, the oldest first. */
  readonly #ring: RecentOperation[] = [];
  #next = 0;
  #first = Infinity;
  #overwritten = 0;

  note(operation: RecentOperation): void {
    if (this.#first === Infinity) this.#first = operation.at;
    if (this.#ring.length === MAX_RECENT) this.#overwritten++;
    this.#ring[this.#next] = operation;
    this.#next = (this.#next + 1) % MAX_RECENT;
  }

  /** Those that can still be told again at `now`, the oldest first. */
  repeatable(now: number): RecentOperation[] {
    const older = this.#ring.length === MAX_RECENT ? this.#ring.slice(this.#next) : [];
    return [...older, ...this.#ring.slice(0, this.#next)].filter(({ at }) => at > now - RECENT_MS);
  }

  /** From when to when operations were acknowledged that cannot be told again at `now`, and how many are known to be. */
  missing(now: number): { from: number; to: number; operations: number } | undefined {
    const repeatable = this.repeatable(now);
    const operations = this.#overwritten + this.#ring.length - repeatable.length;
    if (operations === 0) return undefined;
    return { from: this.#first, to: repeatable[0]?.at ?? now, operations };
  }
}
