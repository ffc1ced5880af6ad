import type { CounterRef, Counts, LimitSpec } from './counter-ref.js';
import type { WindowMismatch } from './own-windows.js';

/**
 * Asked by a store when a call leaves this process, since until then it waited for others and the store had no part
 * in it. Says by when the call must have started (store clock), or `undefined` when its caller has stopped waiting: then
 * it is not sent. Asked again (the next shard of the same call) it says the same.
 */
export type Dispatch = () => number | undefined;

export interface ReadRequest<L extends LimitSpec = LimitSpec> {
  /** At least one. */
  readonly counters: readonly CounterRef<L>[];
}

export type ReadResult<L extends LimitSpec = LimitSpec> =
  | { readonly outcome: 'read'; readonly counts: Counts<L> }
  | WindowMismatch
  | { readonly outcome: 'wrong-type' };
