import type { PendingSettlement } from './pending-settlement.js';

/** What is pending, as the journal reads it when it rewrites its file. */
export interface PendingSource {
  /** About what all of it takes in the file; 0 when nothing is pending. */
  readonly bytes: number;
  /** Each pending settlement once; the outbox may change while a caller iterates. */
  values(): Iterable<PendingSettlement>;
}

/** Keeps the outbox over a restart. It holds no settlements: it writes what the outbox gives it, and reads the outbox. */
export interface OutboxJournal {
  /** From now on the journal reads this outbox; it answers with what the processes before this one left pending. */
  attach(outbox: PendingSource): Iterable<PendingSettlement>;
  /**
   * Writes a settlement down. A strict journal says whether the disk has it, at `dueAt` (monotonic) at the latest; the
   * promise never rejects. `isKnown`: one under the same key is pending already.
   */
  enqueue(
    pending: PendingSettlement,
    writing: { readonly dueAt: number; readonly isKnown: boolean },
  ): Promise<boolean> | undefined;
  /** Writes down that what was pending under this key is no longer. */
  acknowledge(key: string, outcome: string): void;
  /** A caller is answered while only this process knows what is pending for the answer. */
  answeredWithout(): void;
}
