import { performance } from 'node:perf_hooks';
import type { SettleRequest, SettleResult, Store } from '../stores/store.js';
import type { StoreGuard } from './store-guard.js';

/** Settlements kept while the store is away; beyond it the oldest are given up and counted as `lost`. */
const MAX_OWED = 100_000;
/** Settlements in flight at once: live checks come first when the store is back. */
const CONCURRENT = 32;
/** How soon a settlement is tried when nothing says that the store is away. */
const RETRY_MS = 20;

/**
 * What the store's books still owe to decisions that were made without them: an operation that was allowed is
 * counted once, one that was refused but may have run is made void. Every settlement is safe whatever had become
 * of the operation, so it is simply repeated until the store has said what it did.
 */
export class Reconciler {
  readonly #store: Store;
  readonly #guard: StoreGuard;
  readonly #deadlineMs: number;
  readonly #settled: (request: SettleRequest, result: SettleResult) => void;
  #owed: SettleRequest[] = [];
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  #lost = 0;

  constructor(options: {
    readonly store: Store;
    readonly guard: StoreGuard;
    readonly deadlineMs: number;
    readonly settled: (request: SettleRequest, result: SettleResult) => void;
  }) {
    this.#store = options.store;
    this.#guard = options.guard;
    this.#deadlineMs = options.deadlineMs;
    this.#settled = options.settled;
  }

  get status(): { readonly owed: number; readonly lost: number } {
    return { owed: this.#owed.length + this.#inFlight, lost: this.#lost };
  }

  owe(request: SettleRequest): void {
    if (this.#owed.length >= MAX_OWED) {
      this.#owed.shift();
      this.#lost++;
    }
    this.#owed.push(request);
    this.#later();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#owed = [];
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#drain();
    }, RETRY_MS).unref();
  }

  #drain(): void {
    if (this.#guard.status.mode === 'degraded') {
      if (this.#owed.length > 0) this.#later();
      return;
    }
    const free = CONCURRENT - this.#inFlight;
    for (const request of this.#owed.splice(0, free)) void this.#settle(request);
  }

  async #settle(request: SettleRequest): Promise<void> {
    this.#inFlight++;
    const result = await this.#guard.ask(
      () => this.#store.settle(request),
      performance.now() + this.#deadlineMs,
    );
    this.#inFlight--;
    if (result.outcome === 'unavailable') {
      this.owe(request);
      return;
    }
    this.#settled(request, result);
    this.#drain();
  }
}
