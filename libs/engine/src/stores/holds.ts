import type { Amounts, OnExpiry, ReservationPack, ReservationState } from '@sundial/contract';
import type { Answer } from './answer.js';
import type { Operation } from '../operations/operation.js';
import type { Counts, CounterRef, LimitSpec } from './counter-ref.js';
import type { Dispatch } from './read.js';
import type { WindowMismatch } from './own-windows.js';
import type { PacksOfGroups, TakenFromPack } from './packs.js';

/**
 * Holds: units that are taken for an operation whose outcome is not known yet. They are placed by a `take` with `hold` and
 * ended by `endHold`, once. Held units count against their limits as used ones do; a limit's state tells them apart.
 *
 * Units come back to exactly the windows they were taken from, or to none where the counter is in later ones. A hold that
 * is not ended expires at `expiresAt` exactly, by the store's clock: it is ended by the next call that looks at the counter,
 * as of that instant. A call ends at most `MAX_DUE_HOLDS` of a counter so; the others count until the next call looks.
 */
export interface HoldStore {
  /** Ends, prolongs or looks at a reservation. Safe to repeat: the same ending again answers as it did before. */
  endHold<L extends LimitSpec>(request: EndHoldRequest<L>): Answer<EndHoldResult<L>>;
}

/** Asks a take to hold what it takes. */
export interface HoldTerms {
  /** From when it is taken, `MIN_TTL_MS` to `MAX_TTL_MS`. */
  readonly ttlMs: number;
  readonly onExpiry: OnExpiry;
}

/** A reservation as a store remembers it. Epoch milliseconds, store clock. */
export interface StoredReservation {
  /** `expired` is derived: it was neither committed nor released by `expiresAt`, and became of it what `onExpiry` says. */
  readonly state: ReservationState;
  /** When it was taken: an instant in every window that it was taken from then. */
  readonly at: number;
  readonly expiresAt: number;
  readonly onExpiry: OnExpiry;
  /** What is or was held, of every meter that it took of, `units` included; also of meters that no limit counts. */
  readonly amounts: Amounts;
  /** What was counted in the end, of the same meters and those that the commit named. Absent where it was not committed. */
  readonly committed?: Amounts;
  /** What packs give of `amounts`, or in the end of `committed`: so much is in no window. Absent where they give nothing. */
  readonly packs?: readonly ReservationPack[];
  /** Which of these the packs of each shard group give, where it is held in several: other groups count all of it. */
  readonly packsOfGroups?: PacksOfGroups;
  /** It was committed after it had expired. */
  readonly late: boolean;
  /** It is remembered until then at least: `REMEMBER_MS` after its end. */
  readonly until: number;
}

/**
 * `commit`: counts these amounts, above the max too, unless packs give what has no room; a meter that is not named is committed as held. After the expiry it
 * sets the counts to its amounts all the same, in windows that are still counted. `release`: gives everything back.
 * `extend`: holds it for `ttlMs` from now on, never shorter than it was, and these new totals, which are decided like a take of
 * what is added to them, in the windows of now; a meter that is not named, or named with less than is held, stays as it is.
 * `look`: changes nothing.
 */
export type Ending =
  | ({ readonly kind: 'commit' } & NamedAmounts)
  | { readonly kind: 'release' }
  | ({ readonly kind: 'extend'; readonly ttlMs?: number } & NamedAmounts)
  | { readonly kind: 'look' };

/** Units by meter where they are named; `amount` is of `units`. Integers from 0 to 2^53−1. */
export interface NamedAmounts {
  readonly amount?: number;
  readonly amounts?: Amounts;
}

export interface EndHoldRequest<L extends LimitSpec = LimitSpec> {
  /** The id that it was taken under. */
  readonly operation: Pick<Operation, 'id'>;
  /**
   * `StoredReservation.at` of the one that is meant. Attempts at one operation may have been answered several instants, without the store or
   * by one that has lost its data since: they mean one reservation. One that an id says from before it was free, and taken again, is
   * `not-found`. Absent where the store did not place it itself: then whichever is there is meant.
   */
  readonly takenAt?: number | undefined;
  /**
   * All counters it was taken from, in that order. Only `extend` with amounts reads their limits: it adds to those of a counter
   * with limits, and leaves a counter without any as it is (its rule is gone).
   */
  readonly counters: readonly CounterRef<L>[];
  /**
   * The counters of a `commit` have the limits of now, too. Where it counts more than is held and there are packs that could give
   * that, one without is answered `window-mismatch`.
   */
  readonly offersLimits?: boolean;
  readonly ending: Ending;
  /** Store clock: an ending that starts later does nothing and answers `expired`. */
  readonly deadlineAt: number | Dispatch;
  readonly fairnessKey?: string;
}

/**
 * `ended`: by this ending, now or before; a release of what expiry had released, too (its state says `expired`). `found`: as it
 * stands, for a look. `extended`: holds what was asked. `refused`: a limit has no room for what `extend` adds; nothing changed,
 * not the expiry either. `ended-otherwise`: it has ended by another ending, or by an expiry that this one can't undo. `not-found`:
 * there is none under this id, or it ended longer ago than it is remembered. `window-mismatch`: offer new windows. `wrong-type`: a key
 * holds something Sundial did not write. `expired`: the call began after its deadline.
 */
export type EndHoldResult<L extends LimitSpec = LimitSpec> =
  | {
      readonly outcome: 'ended' | 'found' | 'ended-otherwise';
      readonly reservation: StoredReservation;
      readonly windows: readonly HeldWindow[];
    }
  | {
      readonly outcome: 'extended' | 'refused';
      readonly reservation: StoredReservation;
      /** Of the counters with limits, as of a take; after what was added, where it was. */
      readonly counts: Counts<L>;
      /** What `extend` took from packs; absent where it took nothing. */
      readonly packs?: readonly TakenFromPack[];
    }
  | WindowMismatch
  | { readonly outcome: 'not-found' | 'wrong-type' | 'expired' };

/** A window that a reservation was taken from, while its counter is still in it. */
export interface HeldWindow {
  /** As the request has it, the same object. */
  readonly counter: Pick<CounterRef, 'key' | 'shardGroup'>;
  /** The limit's name in the counter (`counters/limit-field.ts`); its rule may have no such limit any more. */
  readonly field: string;
  /** The window's start; 0 where it has none (`total`, `concurrent`). */
  readonly startsAt: number;
  /** In that window, by all operations. */
  readonly used: number;
  readonly reserved: number;
}

/** A reservation as it was decided or ended without the store, for its settlement. Store clock. */
export interface SettledHold {
  /** When it was taken: `StoredReservation.at`, or when a node decided it. The same in all settlements of a reservation. */
  readonly takenAt: number;
  /** A node decided it, and the store may not know it yet; else the store had placed it. */
  readonly isDegraded: boolean;
  /** The store had placed it, and may have lost its data since: where it does not know it, its counters have nothing of it. */
  readonly isLost?: boolean;
  readonly expiresAt: number;
  readonly onExpiry: OnExpiry;
}

/** Due holds of one counter that one call ends. */
export const MAX_DUE_HOLDS = 1_000;
