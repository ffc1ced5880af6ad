import { MAX_UNITS } from '@sundial/contract';
import type { LimitOverride } from './overrides.js';
import type { OwnWindows } from './own-windows.js';

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

/** The `max` of a limit without one: counters hold no more. */
export const UNLIMITED = MAX_UNITS;
