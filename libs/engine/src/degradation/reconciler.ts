import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Degraded } from '../quota.js';
import type { SettleRequest, SettleResult, Store } from '../stores/store.js';
import type { StoreGuard } from './store-guard.js';

/** Settlements kept while the store is away, about 1 KB each; beyond it the oldest are given up and counted as `lost`. */
export const MAX_OWED = 100_000;
/** Settlements in flight at once: live checks come first when the store is back. */
export const CONCURRENT = 32;
/** How soon a settlement is tried when nothing says that the store is away. */
const RETRY_MS = 20;
/** How long `close` waits for a store that answers. */
const CLOSE_LIMIT_MS = 1_000;

/** Settlements looked at in one go for one whose shard answers. */
const MAX_LOOKED_AT = 1_000;

type Guard = Pick<StoreGuard, 'ask' | 'wouldAsk' | 'isCutOff'>;

/** What the books have to be told, and why the decision was made without them. */
export interface Debt {
  readonly settlement: SettleRequest;
  readonly degraded: Degraded;
}

/**
 * What the store's books still owe to decisions that were made without them: an operation that was allowed is
 * counted once, one that was refused but may have run is made void. Every settlement is safe whatever had become
 * of the operation, so it is simply repeated until the store has said what it did.
 */
export class Reconciler {
  readonly #store: Pick<Store, 'settle'>;
  readonly #guard: Guard;
  readonly #deadlineMs: number;
  readonly #settled: (request: SettleRequest) => void;
  /** Waiting ones, the oldest first; `#next` goes through them as they come. */
  readonly #waiting = new Map<string, Debt>();
  #next = this.#waiting.entries();
  readonly #settling = new Map<string, Debt>();
  #timer: NodeJS.Timeout | undefined;
  #lost = 0;
  #closed = false;

  constructor(options: {
    readonly store: Pick<Store, 'settle'>;
    readonly guard: Guard;
    readonly deadlineMs: number;
    /** Told when the books have what they were owed, or never will. */
    readonly settled: (request: SettleRequest) => void;
  }) {
    this.#store = options.store;
    this.#guard = options.guard;
    this.#deadlineMs = options.deadlineMs;
    this.#settled = options.settled;
  }

  get status(): { readonly owed: number; readonly lost: number } {
    return { owed: this.#waiting.size + this.#settling.size, lost: this.#lost };
  }

  owe(debt: Debt): void {
    if (this.#closed) {
      this.#lost++;
      return;
    }
    if (this.#waiting.size >= MAX_OWED && this.#takeOldest()) this.#lost++;
    this.#waiting.set(keyOf(debt.settlement), debt);
    this.#later();
  }

  /** The books owe nothing. */
  get isClear(): boolean {
    return this.#waiting.size === 0 && this.#settling.size === 0;
  }

  /** What was promised under this id, if an operation was allowed and is not in the books yet. */
  promised(operationId: string): Debt | undefined {
    if (this.isClear) return undefined;
    const key = countKey(operationId);
    return this.#waiting.get(key) ?? this.#settling.get(key);
  }

  /** Settles what it can as long as the store answers; what is left is lost with the process. */
  async close(): Promise<void> {
    const until = performance.now() + CLOSE_LIMIT_MS;
    while (this.status.owed > 0 && this.#storeAnswers && performance.now() < until) await sleep(RETRY_MS);
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#lost += this.#waiting.size;
    this.#waiting.clear();
  }

  get #storeAnswers(): boolean {
    return !this.#guard.isCutOff;
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#storeAnswers) this.#drain();
      else this.#later();
    }, RETRY_MS).unref();
  }

  #drain(): void {
    for (let looked = 0; looked < MAX_LOOKED_AT && this.#settling.size < CONCURRENT; looked++) {
      const oldest = this.#takeOldest();
      if (!oldest) return;
      if (this.#guard.wouldAsk(oldest[1].settlement.counters)) {
        this.#settling.set(...oldest);
        void this.#settle(...oldest);
      } else {
        this.#waiting.set(...oldest);
      }
    }
    this.#later();
  }

  async #settle(key: string, debt: Debt): Promise<void> {
    const { settlement } = debt;
    const call = () => this.#store.settle(settlement);
    const dueAt = performance.now() + this.#deadlineMs;
    const result = await this.#guard.ask(call, dueAt, settlement.counters);
    this.#settling.delete(key);
    if (result.outcome === 'unavailable') {
      this.owe(debt);
      return;
    }
    if (isLost(result)) this.#lost++;
    this.#settled(settlement);
    this.#drain();
  }

  #takeOldest(): [string, Debt] | undefined {
    if (this.#waiting.size === 0) return undefined;
    let next = this.#next.next();
    if (next.done) {
      this.#next = this.#waiting.entries();
      next = this.#next.next();
    }
    if (next.done) return undefined;
    this.#waiting.delete(next.value[0]);
    return next.value;
  }
}

function keyOf({ intent, operation }: SettleRequest): string {
  return intent === 'count' ? countKey(operation.id) : `void ${operation.attempt}`;
}

function countKey(operationId: string): string {
  return `count ${operationId}`;
}

/** The operation's id or its counters belong to something else: it will never be counted. */
function isLost({ outcome }: SettleResult): boolean {
  return outcome === 'conflict' || outcome === 'broken';
}
