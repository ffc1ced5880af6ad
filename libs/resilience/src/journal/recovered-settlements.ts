import type { PendingSource } from '../outbox/outbox-journal.js';
import { OutboxEntries } from '../outbox/outbox-entries.js';
import { keyOf, type PendingSettlement } from '../outbox/pending-settlement.js';
import type { JournalRecord } from './journal-record.js';

/** What the records of a journal leave pending, until the outbox takes it over. */
export class RecoveredSettlements implements PendingSource {
  readonly #entries = new OutboxEntries();

  get bytes(): number {
    return this.#entries.bytes;
  }

  values(): Iterable<PendingSettlement> {
    return this.#entries.values();
  }

  /** Goes through the records of a file in their order. */
  add(record: Exclude<JournalRecord, { kind: 'watermarks' }>): void {
    switch (record.kind) {
      case 'pending': {
        const { pending } = record;
        this.#entries.enter({ pending, key: keyOf(pending), state: 'waiting' });
        return;
      }
      case 'grown': {
        const { key, amount, amounts, operations } = record;
        const entry = this.#entries.get(key);
        if (!entry) return;
        const { pending } = entry;
        const settlement = { ...pending.settlement, amount, amounts };
        this.#entries.change(entry, { ...pending, settlement, operations });
        return;
      }
      case 'acknowledged': {
        const entry = this.#entries.get(record.key);
        if (entry) this.#entries.delete(entry);
        return;
      }
      default:
        record satisfies never;
    }
  }
}
