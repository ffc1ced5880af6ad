import type { QuotaError } from '@sundial/contract';
import type { Store } from '@sundial/engine';
import type { StoreGuard } from '../guard/store-guard.js';
import type { Outbox } from '../outbox/outbox.js';
import type { DegradedDecisions } from '../fallback/degraded-decisions.js';
import type { LocalHolds } from '../fallback/local-holds.js';
import type { AcknowledgedOperation } from '../replay/acknowledged-operations.js';
import type { RepeatedTake } from '../replay/replay.js';
import type { CountedBefore, SettleRequest } from '@sundial/engine/ports';
import type { KnownReservations } from './known-reservations.js';

/** What reservations share with checks: the way to the store, and what is kept for it while it is away. */
export interface StoreAccess {
  readonly store: Store;
  readonly guard: Pick<StoreGuard, 'askInTurn'>;
  readonly outbox: Outbox;
  readonly holds: LocalHolds;
  readonly degraded: Pick<DegradedDecisions, 'extend' | 'look'>;
  readonly known: KnownReservations;
  /** The store has done it: should it lose that, it is replayed. */
  acknowledged(operation: AcknowledgedOperation): void;
  /** The same of what the store had done for another attempt. */
  repeated(take: RepeatedTake, counted: CountedBefore): void;
  /** What the store has acknowledged to this node under an operation's id, if that is lately. */
  recall(operationId: string): SettleRequest | undefined;
  /** By when (monotonic) a call that began then is to be answered. */
  answerBy(startedAt: number): number;
  /** The node has more calls than it can send in time. */
  shed(): QuotaError;
}
