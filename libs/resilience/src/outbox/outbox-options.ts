import type { CounterRef, SettleResult } from '@sundial/engine/ports';
import type { OutboxJournal } from './outbox-journal.js';
import type { PendingSettlement } from './pending-settlement.js';

/** Settlements kept one by one, about 1 KB each in memory. */
export const MAX_PENDING = 100_000;
/**
 * Of these, kept for what the store may have executed: only by itself can such an operation be settled. A frozen store
 * leaves `MAX_IN_FLIGHT` of them, and a few with each probe.
 */
export const RESERVED_FOR_UNKNOWN = 20_000;

export interface OutboxOptions {
  readonly journal?: OutboxJournal | undefined;
  /** Store clock. */
  readonly now: () => number;
  /** Whether a settlement of these counters would be given to the store now. */
  readonly canSend: (counters: readonly CounterRef[]) => boolean;
  /** Whether what is pending for a resource has to wait, whatever the store does. */
  readonly isHeldBack?: (resource: string) => boolean;
  /** Called when there is something to be sent. */
  readonly wake: () => void;
  /** The store has recorded it, or never will: `late` also where the store can no longer say whether it has. */
  readonly resolved: (pending: PendingSettlement, result: SettleResult) => void;
  /** The store may have recorded it and forgotten that, so it is given up; `resolved` follows. */
  readonly expired?: (pending: PendingSettlement) => void;
  /** Default: `MAX_PENDING`, of which `RESERVED_FOR_UNKNOWN`. */
  readonly capacity?: { readonly max: number; readonly reservedForUnknown: number };
}

export const CAPACITY = { max: MAX_PENDING, reservedForUnknown: RESERVED_FOR_UNKNOWN };
