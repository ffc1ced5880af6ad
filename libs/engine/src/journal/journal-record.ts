import { toCheckedLine } from './checked-line.js';
import type { StoreMark } from '../stores/store-mark.js';
import type { Debt } from './debt.js';

/** A line of the journal. The last one of a key holds, and the last of the marks. */
export type JournalRecord =
  | { readonly kind: 'owed'; readonly debt: Debt }
  /** A debt that is a sum has grown. */
  | { readonly kind: 'grown'; readonly key: string; readonly amount: number; readonly operations: number }
  | { readonly kind: 'paid'; readonly key: string; readonly outcome: string }
  /** What was written into the store last, on each of its servers. */
  | { readonly kind: 'marks'; readonly marks: readonly StoreMark[] };

/** Raised when records change in a way that an older or newer program would misread. */
const FORMAT = 1;

export function toLine(record: JournalRecord): string {
  return toCheckedLine({ format: FORMAT, ...record });
}

/**
 * The record of a line whose checksum was right, so that a program like this one has written it.
 * @throws Error where it was another one: what is owed must not be thrown away.
 */
export function fromValue(value: unknown): JournalRecord {
  const { format, ...record } = value as JournalRecord & { readonly format: unknown };
  if (format !== FORMAT) {
    throw new Error(
      `The journal was written by another version of Sundial (format ${String(format)}, this one writes ` +
        `${FORMAT}). Start that version until GET /admin/journal shows that nothing is owed, or move journal.log away.`,
    );
  }
  return record;
}
