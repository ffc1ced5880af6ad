import type { Amounts } from '../operations/amounts.js';
import type { Operation } from '../operations/operation.js';
import type { CounterRef, Counts, LimitSpec } from './counter-ref.js';
import type { HoldTerms, StoredReservation } from './holds.js';
import type { WindowMismatch } from './own-windows.js';
import type { PacksOfGroups, TakenFromPack } from './packs.js';
import type { Dispatch, ReadRequest } from './read.js';

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

/** How long an operation is remembered that was taken, from then on: repeating it changes nothing about it. */
export const REMEMBER_MS = 15 * 60_000;
