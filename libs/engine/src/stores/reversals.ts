import type { Amounts } from '@sundial/contract';
import type { Answer } from './answer.js';
import type { Operation } from '../operations/operation.js';
import type { Counts, CounterRef, LimitSpec } from './counter-ref.js';
import type { Dispatch, ReadRequest } from './read.js';
import type { WindowMismatch } from './own-windows.js';

/** What changes counters other than a check and its reservation: refunds, returns, and an operator's corrections. */
export interface ReversalStore {
  /** Reverses an operation while it is remembered, in exactly the windows it was counted in. Safe to repeat. */
  refund<L extends LimitSpec>(request: OperationRefund<L>): Answer<OperationRefundResult>;
  /** Lowers what is used of every limit of the request, or of none. Safe to repeat under the same operation. */
  giveBack<L extends LimitSpec>(request: GiveBackRequest<L>): Answer<GiveBackResult<L>>;
  /** Sets what is used in the windows of now, whatever it was. What is reserved stays. */
  setUsage<L extends LimitSpec>(request: SetUsageRequest<L>): Answer<SetUsageResult<L>>;
}

export interface OperationRefund<L extends LimitSpec = LimitSpec> extends ReadRequest<L> {
  /** The one to reverse. Its amounts are what its record says. */
  readonly operation: Pick<Operation, 'id'>;
  /** Store clock: a refund that starts later does nothing and answers `expired`. */
  readonly deadlineAt: number | Dispatch;
}

/**
 * `refunded`: now or before; `amounts` are what it had counted, of every meter, `units` included. `held`: it is a reservation that is
 * not ended: release it. `not-found`: nothing is counted under this id, or it is no longer remembered. `window-mismatch`: offer new
 * windows. `wrong-type`: a key holds something Sundial did not write. `expired`: the call began after its deadline.
 */
export type OperationRefundResult =
  | { readonly outcome: 'refunded'; readonly amounts: Amounts }
  | WindowMismatch
  | { readonly outcome: 'held' | 'not-found' | 'wrong-type' | 'expired' };

/** All limits of its counters are lowered: it names `total` limits only, since other windows give nothing back. */
export interface GiveBackRequest<L extends LimitSpec = LimitSpec> extends ReadRequest<L> {
  /** Remembered as a check's is. The same id and content again gives nothing back; a check under this id is a conflict. */
  readonly operation: Operation;
  readonly amount: number;
  readonly amounts?: Amounts | undefined;
  readonly deadlineAt: number | Dispatch;
}

/**
 * `returned` now, or `replayed`: returned before. `nothing-to-return`: of a limit less is used than would be given back (reserved
 * units are not used); nothing changed. `conflict`: the id belongs to a check or to other amounts.
 */
export type GiveBackResult<L extends LimitSpec = LimitSpec> =
  | { readonly outcome: 'returned' | 'replayed' | 'nothing-to-return'; readonly counts: Counts<L> }
  | WindowMismatch
  | { readonly outcome: 'conflict' | 'wrong-type' | 'expired' };

/** A limit, and what is to be used of it in its window of now: 0 to 2^53−1. */
export type SetLimit<L extends LimitSpec = LimitSpec> = L & { readonly setTo: number };

export interface SetUsageRequest<L extends LimitSpec = LimitSpec> {
  /** Their limits are those that are set; others of the same counters stay. */
  readonly counters: readonly CounterRef<SetLimit<L>>[];
  readonly deadlineAt: number | Dispatch;
}

export type SetUsageResult<L extends LimitSpec = LimitSpec> =
  | { readonly outcome: 'set'; readonly counts: Counts<SetLimit<L>> }
  | WindowMismatch
  | { readonly outcome: 'wrong-type' | 'expired' };
