import type { StoreError } from '@sundial/engine/ports';
import type { DegradedCause } from '@sundial/contract';

/** The store did not decide. `executionStatus` says whether it may have executed the call, or still will. */
export interface Unavailable {
  readonly outcome: 'unavailable';
  readonly cause: DegradedCause;
  readonly executionStatus: StoreError['executionStatus'];
}

/** The call was not sent, and the store is not to blame: callers brought more than fits at once (I16). */
export interface Shed {
  readonly outcome: 'shed';
}

/** The store is not asked, or was not. */
export function notAsked(cause: DegradedCause): Unavailable {
  return { outcome: 'unavailable', cause, executionStatus: 'not-executed' };
}

export const BREAKER_OPEN = notAsked('breaker-open');
export const OVERLOADED = notAsked('overloaded');
export const SHED: Shed = { outcome: 'shed' };

/** What outcomes without a decision mean to a caller: a timeout, or an error of the store. */
export function unavailableFor(result: { readonly outcome: string } | Unavailable): Unavailable {
  if ('cause' in result) return result;
  return notAsked(result.outcome === 'wrong-type' ? 'store-error' : 'timeout');
}
