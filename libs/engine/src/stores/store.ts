import type { SharedSecret } from '../operations/secret.js';
import type { Answer } from './answer.js';
import type { CounterRef, LimitSpec } from './counter-ref.js';
import type { CounterScanStore } from './counter-scan.js';
import type { HoldStore } from './holds.js';
import type { OverrideKeeper } from './overrides.js';
import type { PackStore } from './packs.js';
import type { Dispatch, ReadRequest, ReadResult } from './read.js';
import type { ReversalStore } from './reversals.js';
import type { SettleRequest, SettleResult } from './settlement.js';
import type { FindingListener, StoreFinding } from './store-finding.js';
import type { TakeRequest, TakeResult } from './take.js';
import type { WatermarkKeeper } from './watermark.js';

/**
 * Where counters live. A store knows counters, amounts and limits; rules, reasons and policies are above it.
 * Two implementations give equal answers to any history of calls: `RedisStore` and `MemoryStore`.
 *
 * The store's own clock decides which window an instant belongs to. The caller offers, for every limit, the
 * window it expects and the one after it; when the store's clock is in neither, the answer is `window-mismatch` and the
 * caller offers new windows. While the clock is set back by no more than the two windows that are offered span, a counter's
 * window does not go back: the later one stays. Set back further, the earlier window starts from zero in the later one's
 * place, and what was used in that is forgotten.
 *
 * Answers about a counter come in the order in which the store has looked at it, so the last one is the latest.
 *
 * Every verb rejects with a `StoreError` when the store could not be asked; none of them waits for a deadline,
 * which `StoreGuard` keeps.
 */
export interface Store extends HoldStore, ReversalStore, CounterScanStore {
  readonly kind: 'redis' | 'embedded';
  /** Absent: it keeps no packs. */
  readonly packs?: PackStore;
  /** What all nodes that count in this store know, and no caller. */
  readonly secret: SharedSecret;
  /** What subjects have instead of their rules' max. Absent: nothing. */
  readonly overrides?: OverrideKeeper;
  /**
   * Takes from every counter, of each limit what `amountOf` says, or from none. What takes nothing only looks. With `hold` it is held
   * (`holds.ts`).
   */
  take<L extends LimitSpec>(request: TakeRequest<L>): Answer<TakeResult<L>>;
  /**
   * Makes the counters agree with what the caller was answered, whatever became of the take: `count` an allowed operation
   * once, also above the limit, or `void` one that was not; `hold`, `commit` or `release` a reservation, or `refund` an
   * operation, that was decided so without the store. Safe to repeat and safe in any order.
   */
  settle(request: SettleRequest): Answer<SettleResult>;
  /** Looks at counters and writes nothing. */
  read<L extends LimitSpec>(request: ReadRequest<L>, dispatch?: Dispatch): Answer<ReadResult<L>>;
  /** Resolves when the store, or the shard of this group, does what checks need; rejects when it does not. */
  probe(shardGroup?: string): Promise<void>;
  /** Which parts of the store counters live on that fail on their own. Absent or none: it fails as a whole. */
  shardsOf?(counters: readonly CounterRef[]): readonly ShardRef[];
  /** How many counters it holds and has room for; absent where that is no bound of its own. */
  readonly capacity?: StoreCapacity;
  /** Findings about the store or the servers behind it, as far as is known. */
  readonly findings?: readonly StoreFinding[];
  /** Calls the listener with each finding that holds, at once, and whenever one begins or ends. */
  onFinding?(listener: FindingListener): void;
  /**
   * Reports when the store may have lost what it had acknowledged; with a keeper also while no process of this node
   * ran.
   */
  onDataLoss?(listener: (loss: DataLoss) => void, keeper?: WatermarkKeeper): void;
  /** The store's clock as far as this node knows it, epoch milliseconds. */
  now(): number;
  close(): Promise<void>;
}

/** A part of a store that fails on its own: a master of a Redis Cluster. */
export interface ShardRef {
  readonly name: string;
  /** One of the shard groups that live there now. */
  readonly group: string;
}

/** Counters in a store that bounds them. */
export interface StoreCapacity {
  readonly counters: number;
  readonly max: number;
}

/**
 * `emptied`: all data is gone. `replaced`: another server, or the same one restarted, has as much as reached it.
 * `unseen`: what a process before this one had counted in this time (epoch milliseconds, store clock).
 */
export type DataLoss =
  | { readonly kind: 'emptied' | 'replaced' }
  | { readonly kind: 'unseen'; readonly from: number; readonly to: number };

/**
 * How long a counter outlives its windows, so that a clock that is set back finds it. On Redis up to half as long again,
 * another length for each key: the counters of a time zone do not all expire at one instant.
 */
export const MARGIN_MS = 60 * 60_000;

/** The store could not be asked, or its answer was lost. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    message: string,
    /** `not-executed`: certainly. `unknown`: it may have been executed, or may still be. */
    readonly executionStatus: 'not-executed' | 'unknown',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
