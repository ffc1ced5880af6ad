import { performance } from 'node:perf_hooks';
import type { SettleRequest, SettleResult, Store, StoreLoss } from '../stores/store.js';
import { RecentOperations, type RecentOperation } from './recent-operations.js';
import { RepeatedOperations } from './repeated-operations.js';
import type { StoreGuard } from './store-guard.js';
import type { UnverifiableSpans } from './unverifiable-spans.js';

const CONCURRENT = 32;
const TURN_MS = 20;
/** Begun in one turn: 10,000 a second at most. */
const MAX_A_TURN = 200;
/** A replica is never further behind its master than this, or it would not have been promoted. */
const MAX_LAG_MS = 60_000;

/**
 * Tells the store again what it had acknowledged and may have lost: it was restarted without its data, emptied, or
 * replaced by a replica that was behind. Each operation is settled under its id, so what the store still has is not
 * counted again. What cannot be told again is reported as a span, and never guessed.
 */
export class Reassertion {
  readonly #store: Pick<Store, 'settle' | 'now'>;
  readonly #guard: Pick<StoreGuard, 'ask' | 'wouldAsk'>;
  readonly #deadlineMs: number;
  readonly #spans: UnverifiableSpans;
  readonly #recent = new RecentOperations();
  readonly #repeated = new RepeatedOperations();
  readonly #outcomes: Record<SettleResult['outcome'], number>;
  #waiting: RecentOperation[] = [];
  #inFlight = 0;
  /** How many may still be begun in this turn. */
  #allowance = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: {
    readonly store: Pick<Store, 'settle' | 'now'>;
    readonly guard: Pick<StoreGuard, 'ask' | 'wouldAsk'>;
    readonly deadlineMs: number;
    readonly spans: UnverifiableSpans;
    /** Where it is counted what the store says. */
    readonly outcomes: Record<SettleResult['outcome'], number>;
  }) {
    this.#store = options.store;
    this.#guard = options.guard;
    this.#deadlineMs = options.deadlineMs;
    this.#spans = options.spans;
    this.#outcomes = options.outcomes;
  }

  /** Operations that are still to be told again. */
  get left(): number {
    return this.#waiting.length + this.#inFlight;
  }

  note(operation: RecentOperation): void {
    this.#recent.note(operation);
  }

  /** Another try of it had been counted. */
  noteRepeated(operation: RecentOperation): void {
    this.#repeated.note(operation);
  }

  lost(loss: StoreLoss): void {
    if (loss.kind === 'unseen') {
      // Nobody is left who could tell it again, or how much it was.
      this.#spans.add({ from: loss.from, to: loss.to, reason: 'writes-lost', operations: 0 });
      return;
    }
    const now = this.#store.now();
    const missing = this.#recent.missing(now);
    const since = loss.kind === 'emptied' ? -Infinity : now - MAX_LAG_MS;
    if (missing && missing.to > since) {
      this.#spans.add({ ...missing, from: Math.max(missing.from, since), reason: 'writes-lost' });
    }
    // The latest are last in the list, and told first: they are the likeliest to be lost.
    const recent = this.#recent.repeatable(now);
    this.#waiting = [...this.#repeated.beside(recent, now), ...recent];
    this.#later();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #later(): void {
    if (this.#closed || this.#waiting.length === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#allowance = MAX_A_TURN;
      this.#begin();
      this.#later();
    }, TURN_MS).unref();
  }

  #begin(): void {
    while (this.#allowance > 0 && this.#inFlight < CONCURRENT && !this.#closed) {
      const next = this.#waiting.pop();
      if (!next) return;
      if (!this.#guard.wouldAsk(next.counters)) {
        this.#waiting.push(next);
        return;
      }
      this.#allowance--;
      void this.#tell(next);
    }
  }

  async #tell(recent: RecentOperation): Promise<void> {
    const { intent, operation, counters, amount, counts } = recent;
    const settlement: SettleRequest = {
      intent,
      operation,
      counters,
      amount,
      picks: counts.map(({ pick }) => pick),
    };
    this.#inFlight++;
    const dueAt = performance.now() + this.#deadlineMs;
    const result = await this.#guard.ask(() => this.#store.settle(settlement), dueAt, counters);
    this.#inFlight--;
    if (result.outcome === 'unavailable') {
      this.#waiting.push(recent);
    } else {
      this.#outcomes[result.outcome]++;
      this.#begin();
    }
    this.#later();
  }
}
