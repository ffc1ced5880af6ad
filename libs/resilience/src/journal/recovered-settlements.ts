import type { PendingSource } from '../outbox/outbox-journal.js';
import { bytesOf, keyOf, type PendingSettlement } from '../outbox/pending-settlement.js';
import type { JournalRecord } from './journal-record.js';

/** What the records of a journal leave pending, until the outbox takes it over. */
export class RecoveredSettlements implements PendingSource {
  readonly #pending = new Map<string, PendingSettlement>();

  get bytes(): number {
    let bytes = 0;
    for (const pending of this.#pending.values()) bytes += bytesOf(pending);
    return bytes;
  }

  values(): Iterable<PendingSettlement> {
    return this.#pending.values();
  }

  /** Goes through the records of a file in their order. */
  add(record: Exclude<JournalRecord, { kind: 'watermarks' }>): void {
    switch (record.kind) {
      case 'pending':
        this.#pending.set(keyOf(record.pending), record.pending);
        return;
      case 'grown': {
        const { key, amount, amounts, operations } = record;
        const pending = this.#pending.get(key);
        if (!pending) return;
        const settlement = { ...pending.settlement, amount, amounts };
        this.#pending.set(key, { ...pending, settlement, operations });
        return;
      }
      case 'acknowledged':
        this.#pending.delete(record.key);
        return;
      default:
        record satisfies never;
    }
  }
}
