import type { Amounts, MeterAmounts } from '../operations/amounts.js';
import type { Answer } from './answer.js';
import type { CounterScanStore } from './counter-scan.js';
import type { PacksOfGroups, PackStore, TakenFromPack } from './packs.js';
import type { HoldStore, HoldTerms, SettledHold, StoredReservation } from './holds.js';
import type { ReversalStore } from './reversals.js';
import type { LimitOverride, OverrideKeeper } from './overrides.js';
import type { FindingListener, StoreFinding } from './store-finding.js';
import type { OwnWindows, WindowMismatch } from './own-windows.js';
import type { Operation } from '../operations/operation.js';
import type { SharedSecret } from '../operations/secret.js';
import type { WatermarkKeeper } from './watermark.js';
import { MAX_UNITS } from '@sundial/contract';

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

/**
 * What all counters of a rule have in common while its windows last: its limits.
 * The same array is given for every subject, so stores may cache by identity.
 */
export type LimitSet<L extends LimitSpec = LimitSpec> = readonly L[];

/** What a store enforces of one limit, and the windows that may hold its now: `[0, 1)` and `[1, 2)` of `bounds`. */
export interface LimitSpec {
  /** The limit's name inside its counter, a different one for each window and meter (`counters/limit-field.ts`). */
  readonly field: string;
  /** What its units are; absent: `units`, the operations themselves. */
  readonly meter?: string | undefined;
  /** `UNLIMITED` where there is none. */
  readonly max: number;
  /** False where the rule only observes or the limit is unlimited: it counts and never refuses. */
  readonly enforced: boolean;
  /** It is not enforced because it has no max: one that an override sets is. */
  readonly limitable?: boolean | undefined;
  /** Only where `max` is lowered by what was allowed and the store does not know yet: so much less is an override's max, too. */
  readonly lowered?: { readonly max: number; readonly by: number };
  readonly bounds: readonly [number, number, number];
  /** Only where the subject's own zone or billing day makes its windows. */
  readonly own?: OwnWindows;
  /** Where the limit has thresholds: a settlement that counts reports the limit from so many units on, not only above its max. */
  readonly reportFrom?: number | undefined;
}

/** One counter of a request: a rule and a subject. */
export interface CounterRef<L extends LimitSpec = LimitSpec> {
  readonly key: string;
  /** Counters of one shard group are always on one shard of a Redis Cluster. */
  readonly shardGroup: string;
  readonly limits: LimitSet<L>;
  /** What a store found under the key, so that it need not look it up again; meaningless to any other store. */
  place?: object | undefined;
  /** `textHash` of the key, where it was needed. */
  hash?: number | undefined;
}

/** A part of a store that fails on its own: a master of a Redis Cluster. */
export interface ShardRef {
  readonly name: string;
  /** One of the shard groups that live there now. */
  readonly group: string;
}

export interface ReadRequest<L extends LimitSpec = LimitSpec> {
  /** At least one. */
  readonly counters: readonly CounterRef<L>[];
}

/**
 * Asked by a store when a call leaves this process, since until then it waited for others and the store had no part
 * in it. Says by when the call must have started (store clock), or `undefined` when its caller has stopped waiting: then
 * it is not sent. Asked again (the next shard of the same call) it says the same.
 */
export type Dispatch = () => number | undefined;

/** By when a take must have started; undefined where its caller has stopped waiting. */
export function startByOf({ deadlineAt }: Pick<TakeRequest, 'deadlineAt'>): number | undefined {
  return typeof deadlineAt === 'number' ? deadlineAt : deadlineAt();
}

/** The counters of a take that leaves now, with the limits that are to be enforced by then. */
export function countersToTake(request: TakeRequest): readonly CounterRef[] {
  return request.asEnforced?.(request.counters) ?? request.counters;
}

export interface TakeRequest<L extends LimitSpec = LimitSpec> extends ReadRequest<L>, Amounts {
  readonly operation: Operation;
  /** Store clock: a take that starts later writes nothing and answers `expired` (I8). */
  readonly deadlineAt: number | Dispatch;
  /**
   * Asked by a store that lets takes wait, when this one leaves: the counters of the request, or some of them, with lower
   * limits where others were allowed meanwhile. Absent: as they are.
   */
  asEnforced?(counters: readonly CounterRef<L>[]): readonly CounterRef<L>[];
  /** Takes with different fairness keys that have to wait are sent in turn: the engine gives the resource. */
  readonly fairnessKey?: string;
  /** Holds what it takes until `endHold`, or until it expires. Without units of any meter it holds all the same. */
  readonly hold?: HoldTerms;
}

/** A limit in the window that an operation was decided in. A voided operation leaves the window that it is recorded in. */
export interface SettledLimit extends LimitSpec {
  readonly windowIndex: WindowIndex;
}

export interface SettleRequest<L extends SettledLimit = SettledLimit> extends ReadRequest<L>, Amounts {
  readonly operation: Operation;
  /**
   * `count` and `void` are of checks, `void` with `hold` of a take that was to hold. Of reservations: `hold` places it as it was
   * decided or extended, above the max too, also where a counter has more live holds than a take may place; `commit` makes it a committed one whatever is there (held, unknown, expired), and `release` a
   * released one, also before its `hold` arrives. `refund` reverses what is counted under the id, now or by a settlement that
   * arrives later. Outcomes are those of `count` (`hold`, `commit`) and of `void` (`release`, `refund`); `conflict` where it has
   * ended otherwise.
   */
  readonly intent: 'count' | 'void' | 'hold' | 'commit' | 'release' | 'refund';
  /** Of a reservation; the amounts above are what it held. Its settlements are `decidedAt` when they were, a `hold` when it was taken. */
  readonly hold?: SettledHold | undefined;
  /** Of `commit`: what it counted. A meter that is not named is committed as held. */
  readonly committed?: MeterAmounts;
  /** Of a `hold` that was extended: all that it holds now, of each meter, in the windows of the request. */
  readonly extended?: MeterAmounts;
  /** Store clock: it is remembered until `rememberMs` after this, however late or often it is settled. */
  readonly decidedAt: number;
  /**
   * Default: `REMEMBER_SETTLED_MS` in a store that can be away, and `REMEMBER_MS` in one in the process, where settlements are
   * repeated by none. One that is given holds for both.
   */
  readonly rememberMs?: number;
}

/** Counters in a store that bounds them. */
export interface StoreCapacity {
  readonly counters: number;
  readonly max: number;
}

/** Which of the two offered windows: the one that the caller expected, or the one after it. */
export type WindowIndex = 'current' | 'next';

/** One limit as the store saw it: which window it is in, and the units in that (after the take, if it took). */
export interface LimitCount<L extends LimitSpec = LimitSpec> {
  /** As the request has them, the same objects: what the caller keeps with them comes back with the count. */
  readonly counter: CounterRef<L>;
  readonly limit: L;
  readonly windowIndex: WindowIndex;
  /** Held units are not among them. */
  readonly used: number;
  /** Held. A limit has room for `max − used − reserved`. */
  readonly reserved: number;
  /** What its subject has instead of the limit's max, or on top of it. */
  readonly override?: LimitOverride;
}

/** Of all counters in the order of the request, of each all limits in the order of its limit set. */
export type Counts<L extends LimitSpec = LimitSpec> = readonly LimitCount<L>[];

/**
 * `taken`: counted in every counter, or held. `refused`: nothing written. `replayed`: counted or held before under this id; a
 * reservation as it stands, held or committed. `conflict`: the id belongs to other content, or to a check where the take
 * was to hold, or the other way round. `refunded`: the id is of an operation that was refunded. `expired`: began after its
 * deadline. `window-mismatch`: offer new windows. `wrong-type`: a key holds something Sundial did not write. `full`: every limit
 * has room, and the store has none for another counter; nothing written. `too-many-holds`: every limit has room, and a
 * counter has `MAX_HOLDS` live holds; nothing written.
 *
 * A reservation that was released, or that its expiry released, leaves its id free: a take under it is a new one.
 */
export type TakeResult<L extends LimitSpec = LimitSpec> =
  | TakenResult<L>
  | { readonly outcome: 'refused'; readonly counts: Counts<L> }
  | { readonly outcome: 'full'; readonly counts: Counts<L> }
  | { readonly outcome: 'too-many-holds'; readonly counts: Counts<L> }
  | ReplayedResult<L>
  | WindowMismatch
  | { readonly outcome: 'conflict' | 'refunded' | 'expired' | 'wrong-type' };

export interface TakenResult<L extends LimitSpec = LimitSpec> {
  readonly outcome: 'taken';
  readonly counts: Counts<L>;
  /** What came from packs: so much less is counted. Absent where nothing did. */
  readonly packs?: readonly TakenFromPack[];
  /** Which of these the packs of each shard group gave, where several count it: other groups count all of it. */
  readonly packsOfGroups?: PacksOfGroups;
  /** Of a take that holds. */
  readonly reservation?: StoredReservation;
}

export interface ReplayedResult<L extends LimitSpec = LimitSpec> {
  readonly outcome: 'replayed';
  readonly counts: Counts<L>;
  readonly counted: CountedBefore;
  /** What came from packs, of a take that does not hold. Absent where nothing did. */
  readonly packs?: readonly TakenFromPack[];
  /** Which of these the packs of each shard group gave, where several count it: other groups count all of it. */
  readonly packsOfGroups?: PacksOfGroups;
  /** Of a take that holds. */
  readonly reservation?: StoredReservation;
}

/** What the store remembers of an operation that it counted. Epoch milliseconds, store clock. */
export interface CountedBefore {
  /** An instant in every window it was counted in. */
  readonly at: number;
  /** Until then it is remembered, at least. */
  readonly until: number;
}

export type ReadResult<L extends LimitSpec = LimitSpec> =
  | { readonly outcome: 'read'; readonly counts: Counts<L> }
  | WindowMismatch
  | { readonly outcome: 'wrong-type' };

/**
 * `counted` now, or `already-counted`, or too `late`: its windows are over, and such windows are never changed.
 * `reversed`: it had counted and no longer does. `voided`: it had not, and now never will. `conflict`: the id belongs
 * to other content. `wrong-type`: a key holds something Sundial did not write.
 */
export interface SettleResult {
  readonly outcome:
    'counted' | 'already-counted' | 'late' | 'reversed' | 'voided' | 'conflict' | 'wrong-type';
  /** The limits that are above their max now that it counted, and those that have reached their `reportFrom`; absent when there are none. */
  readonly forced?: readonly ForcedLimit[];
}

/** A limit that had no room for what was counted, or that reached a threshold by it. */
export interface ForcedLimit {
  /** As the request has it, the same object. */
  readonly limit: SettledLimit;
  /** The units used in its window. */
  readonly used: number;
}

/**
 * `emptied`: all data is gone. `replaced`: another server, or the same one restarted, has as much as reached it.
 * `unseen`: what a process before this one had counted in this time (epoch milliseconds, store clock).
 */
export type DataLoss =
  | { readonly kind: 'emptied' | 'replaced' }
  | { readonly kind: 'unseen'; readonly from: number; readonly to: number };

/** The `max` of a limit without one: counters hold no more. */
export const UNLIMITED = MAX_UNITS;

/** How long an operation is remembered that was taken, from then on: repeating it changes nothing about it. */
export const REMEMBER_MS = 15 * 60_000;

/** How long a store that can be away remembers what was settled, from when it was decided: a settlement is repeated until it is answered. */
export const REMEMBER_SETTLED_MS = 24 * 60 * 60_000;

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
