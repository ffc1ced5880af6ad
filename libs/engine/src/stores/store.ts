/**
 * Where counters live. A store knows counters, amounts and ceilings; rules, reasons and policies are above it.
 * Two implementations give equal answers to any history of calls: `RedisStore` and `MemoryStore`.
 *
 * A store's own clock decides which window an instant belongs to. The caller offers, for every limit, the
 * window it expects and the one after; when the store's clock is in neither the answer is `moved` and the
 * caller offers anew. Windows of a counter never go back: a clock that was set back keeps the later one.
 */
export interface Store {
  /** Takes `amount` units from every counter, or from none. Amount 0 only looks. */
  take(request: TakeRequest): Promise<TakeResult>;
  /** Reverses what a `take` took, in exactly the windows it was taken from; safe when it never ran, or runs late. */
  settle(request: SettleRequest): Promise<SettleResult>;
  /** Looks at counters and writes nothing. */
  read(request: ReadRequest): Promise<ReadResult>;
  /** The store's clock as far as this node knows it, epoch milliseconds. */
  now(): number;
  close(): Promise<void>;
}

/** One limit's ceiling and the windows that may hold the store's now: `[bounds[0], bounds[1])`, `[bounds[1], bounds[2])`. */
export interface LimitCeiling {
  /** The limit's name inside its counter, one per window unit. */
  readonly field: string;
  readonly max: number;
  /** False where the rule only observes: it counts and never refuses. */
  readonly enforced: boolean;
  readonly bounds: readonly [number, number, number];
}

/** One counter of a take: a key, and the limits counted under it. */
export interface CounterTake {
  readonly key: string;
  /** Counters of one shard group are always on one Redis Cluster shard. */
  readonly shardGroup: string;
  /** Shared by all subjects of a rule while its windows last: stores may cache by identity. */
  readonly ceilings: readonly LimitCeiling[];
}

export interface ReadRequest {
  readonly counters: readonly CounterTake[];
}

export interface TakeRequest extends ReadRequest {
  readonly operation: Operation;
  readonly amount: number;
  /** Store clock, epoch ms: a take that starts later writes nothing and answers `expired` (I8). */
  readonly deadlineAt: number;
}

export interface Operation {
  readonly id: string;
  /** Everything that makes the operation what it is; another content under the same id is a conflict. */
  readonly content: string;
  /** This try of the operation, unique: a reversal touches no other try. */
  readonly attempt: string;
}

export type SettleRequest = Omit<TakeRequest, 'amount'> & { readonly amount: number };

/** One limit as the store saw it: which offered window (0 or 1), and the units used in it, after the take if it took. */
export interface LimitCount {
  readonly pick: 0 | 1;
  readonly used: number;
}

/** One list a counter, in the order of the request, each with one entry a ceiling. */
export type Counts = readonly (readonly LimitCount[])[];

export type TakeResult =
  | { readonly outcome: 'taken' | 'refused' | 'replayed'; readonly now: number; readonly counts: Counts }
  | { readonly outcome: 'conflict' | 'expired' | 'moved'; readonly now: number };

export type ReadResult =
  | { readonly outcome: 'read'; readonly now: number; readonly counts: Counts }
  | { readonly outcome: 'moved'; readonly now: number };

/** `reversed`: it had counted and no longer does. `barred`: it had not, and now never will. */
export interface SettleResult {
  readonly outcome: 'reversed' | 'barred';
}

/** The store could not be asked, or did not answer in a way that can be trusted. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    message: string,
    /** `none`: certainly not executed. `unknown`: it may have been, or may still be. */
    readonly fate: 'none' | 'unknown',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
