import type { QuotaError } from '@sundial/contract';
import type { Store } from '@sundial/engine';
import type { StoreGuard } from '../guard/store-guard.js';
import type { Outbox } from '../outbox/outbox.js';
import type { LocalHolds } from '../fallback/local-holds.js';

/** What reservations share with checks: the way to the store, and what is kept for it while it is away. */
export interface StoreAccess {
  readonly store: Store;
  readonly guard: Pick<StoreGuard, 'askInTurn'>;
  readonly outbox: Outbox;
  readonly holds: LocalHolds;
  /** By when (monotonic) a call that began then is to be answered. */
  answerBy(startedAt: number): number;
  /** The node has more calls than it can send in time. */
  shed(): QuotaError;
}
