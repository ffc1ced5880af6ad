import type { AffectedOperation } from './affected-operation.js';

/** To be reported. */
export interface OperationRecord {
  readonly kind: 'operation';
  readonly operation: Omit<AffectedOperation, 'outcome'>;
  /** Of a reservation without a service that is committed when it expires: until then it may still end otherwise. */
  readonly held?: { readonly reservationId: string; readonly untilMs: number };
}

/** An ending of the service's reservation, to be repeated. */
export interface EndingRecord {
  readonly kind: 'ending';
  readonly id: string;
  readonly verb: 'commit' | 'release';
  /** JSON. */
  readonly body: string;
}

export type JournalRecord = OperationRecord | EndingRecord;

/** What became of a record: of an operation its `AffectedOperation.outcome`, of an ending `ended` or `refused`. */
export type RecordOutcome = NonNullable<AffectedOperation['outcome']> | 'ended';

export interface JournalEntry {
  readonly seq: number;
  readonly record: JournalRecord;
}

/** A line of the file: what was added, settled, or withdrawn. */
export type JournalLine =
  | { readonly seq: number; readonly record: JournalRecord; readonly outcome?: RecordOutcome }
  | { readonly settled: readonly (readonly [seq: number, outcome: RecordOutcome])[] }
  | { readonly withdrawn: number };

/** Null for a line that was cut, or is none of this journal's. */
export function parseLine(text: string): JournalLine | null {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line !== 'object' || line === null) return null;
    const { seq, record, settled, withdrawn } = line as Record<string, unknown>;
    const isAdded =
      Number.isSafeInteger(seq) && typeof record === 'object' && record !== null && 'kind' in record;
    return isAdded || Array.isArray(settled) || Number.isSafeInteger(withdrawn)
      ? (line as JournalLine)
      : null;
  } catch {
    return null;
  }
}
