import type { StoreError } from '@sundial/engine/ports';
import type { DegradedCause } from '@sundial/contract';

/** The store did not decide. `fate` says whether it may have executed the call, or still will. */
export interface Unavailable {
  readonly outcome: 'unavailable';
  readonly cause: DegradedCause;
  readonly fate: StoreError['fate'];
}

/** The call was not sent, and the store is not to blame: callers brought more than fits at once (I16). */
export interface Shed {
  readonly outcome: 'shed';
}

export const BREAKER_OPEN: Unavailable = { outcome: 'unavailable', cause: 'breaker-open', fate: 'none' };
export const OVERLOADED: Unavailable = { outcome: 'unavailable', cause: 'overloaded', fate: 'none' };
export const SHED: Shed = { outcome: 'shed' };

/** What the outcomes that decide nothing mean to a caller: too late, or not to be had. */
export function unavailableFor(result: { readonly outcome: string } | Unavailable): Unavailable {
  if ('cause' in result) return result;
  return {
    outcome: 'unavailable',
    cause: result.outcome === 'broken' ? 'store-error' : 'timeout',
    fate: 'none',
  };
}
