import type { StoreMark } from '@sundial/engine/ports';
import { fromCompact, toCompact, type CompactSettlements } from './compact-settlements.js';
import { toCheckedLine } from './checked-line.js';
import type { PendingSettlement } from '../outbox/pending-settlement.js';

/** What the journal notes. The last record of a key holds, and the last of the watermarks. */
export type JournalRecord =
  | { readonly kind: 'pending'; readonly pending: PendingSettlement }
  /** A pending settlement that is a sum has grown. */
  | { readonly kind: 'grown'; readonly key: string; readonly amount: number; readonly operations: number }
  | { readonly kind: 'acknowledged'; readonly key: string; readonly outcome: string }
  /** What was written into the store last, on each of its servers. */
  | { readonly kind: 'watermarks'; readonly marks: readonly StoreMark[] };

/**
 * Records of one kind, as a line has them: a line for each would cost more than the decision it is about. In the file
 * `owed` is what is pending, `paid` what was acknowledged, `marks` the watermarks.
 */
type Line =
  | ({ readonly kind: 'owed' } & CompactSettlements)
  | { readonly kind: 'grown'; readonly sums: readonly (readonly [string, number, number])[] }
  | { readonly kind: 'paid'; readonly outcome: string; readonly keys: readonly string[] }
  | { readonly kind: 'marks'; readonly marks: readonly StoreMark[] };

/** Raised when lines change in a way that an older program would misread. */
const FORMAT = 3;
/** Those before named operations otherwise: only what is no operation can be read of them. */
const FORMER_FORMATS: readonly unknown[] = [1, 2];
/** Records in one line at most: as many as a damaged byte costs. */
const MAX_A_LINE = 64;

/** Records in their order, as lines of one kind each. */
export function toLines(records: readonly JournalRecord[]): string {
  let text = '';
  for (let from = 0; from < records.length;) {
    const to = endOfLine(records, from);
    text += toCheckedLine({ format: FORMAT, ...toLine(records.slice(from, to)) });
    from = to;
  }
  return text;
}

/** The lines of many pending settlements, bit by bit: the list may change meanwhile. */
export function* linesOf(all: Iterable<PendingSettlement>): Generator<string> {
  let records: JournalRecord[] = [];
  for (const pending of all) {
    records.push({ kind: 'pending', pending });
    if (records.length < MAX_A_LINE) continue;
    yield toLines(records);
    records = [];
  }
  yield toLines(records);
}

/**
 * The records of a line whose checksum was right, so that a program like this one has written it.
 * @throws Error where it was another one: what is pending must not be thrown away.
 */
export function fromValue(value: unknown): readonly JournalRecord[] {
  const { format, ...line } = value as Line & { readonly format: unknown };
  const isFormer = FORMER_FORMATS.includes(format);
  if (format !== FORMAT && !(isFormer && line.kind !== 'owed')) {
    throw new Error(
      `The journal was written by another version of Sundial (format ${String(format)}, this one writes ` +
        `${FORMAT}). Start that version until GET /admin/journal shows that nothing is owed, or move journal.log away.`,
    );
  }
  if (isFormer && line.kind !== 'marks') return [];
  switch (line.kind) {
    case 'owed':
      return fromCompact(line).map((pending) => ({ kind: 'pending', pending }));
    case 'grown':
      return line.sums.map(([key, amount, operations]) => ({ kind: 'grown', key, amount, operations }));
    case 'paid':
      return line.keys.map((key) => ({ kind: 'acknowledged', key, outcome: line.outcome }));
    case 'marks':
      return [{ kind: 'watermarks', marks: line.marks }];
    default:
      return line satisfies never;
  }
}

function endOfLine(records: readonly JournalRecord[], from: number): number {
  const first = records[from]!;
  let to = from + 1;
  if (first.kind === 'watermarks') return to;
  while (to < records.length && to - from < MAX_A_LINE && isAlike(first, records[to]!)) to++;
  return to;
}

function isAlike(one: JournalRecord, other: JournalRecord): boolean {
  if (one.kind === 'acknowledged') return other.kind === 'acknowledged' && other.outcome === one.outcome;
  return one.kind === other.kind;
}

/** A line of records that are alike. */
function toLine(records: readonly JournalRecord[]): Line {
  const first = records[0]!;
  switch (first.kind) {
    case 'pending':
      return { kind: 'owed', ...toCompact(only('pending', records).map(({ pending }) => pending)) };
    case 'grown': {
      const sums = only('grown', records).map(
        ({ key, amount, operations }) => [key, amount, operations] as const,
      );
      return { kind: 'grown', sums };
    }
    case 'acknowledged': {
      const keys = only('acknowledged', records).map(({ key }) => key);
      return { kind: 'paid', outcome: first.outcome, keys };
    }
    case 'watermarks':
      return { kind: 'marks', marks: first.marks };
    default:
      return first satisfies never;
  }
}

function only<Kind extends JournalRecord['kind']>(kind: Kind, records: readonly JournalRecord[]) {
  return records.filter((record): record is Extract<JournalRecord, { kind: Kind }> => record.kind === kind);
}
