import type { StoreMark } from '@sundial/engine/ports';
import { fromCompact, toCompact, type CompactDebts } from './compact-debts.js';
import { toCheckedLine } from './checked-line.js';
import type { Debt } from './debt.js';

/** What the journal notes. The last record of a key holds, and the last of the marks. */
export type JournalRecord =
  | { readonly kind: 'owed'; readonly debt: Debt }
  /** A debt that is a sum has grown. */
  | { readonly kind: 'grown'; readonly key: string; readonly amount: number; readonly operations: number }
  | { readonly kind: 'paid'; readonly key: string; readonly outcome: string }
  /** What was written into the store last, on each of its servers. */
  | { readonly kind: 'marks'; readonly marks: readonly StoreMark[] };

/** Records of one kind, as a line has them: a line for each would cost more than the decision it is about. */
type Line =
  | ({ readonly kind: 'owed' } & CompactDebts)
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

/** The lines of many debts, bit by bit: the list may change meanwhile. */
export function* linesOf(debts: Iterable<Debt>): Generator<string> {
  let records: JournalRecord[] = [];
  for (const debt of debts) {
    records.push({ kind: 'owed', debt });
    if (records.length < MAX_A_LINE) continue;
    yield toLines(records);
    records = [];
  }
  yield toLines(records);
}

/**
 * The records of a line whose checksum was right, so that a program like this one has written it.
 * @throws Error where it was another one: what is owed must not be thrown away.
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
      return fromCompact(line).map((debt) => ({ kind: 'owed', debt }));
    case 'grown':
      return line.sums.map(([key, amount, operations]) => ({ kind: 'grown', key, amount, operations }));
    case 'paid':
      return line.keys.map((key) => ({ kind: 'paid', key, outcome: line.outcome }));
    case 'marks':
      return [line];
    default:
      return line satisfies never;
  }
}

function endOfLine(records: readonly JournalRecord[], from: number): number {
  const first = records[from]!;
  let to = from + 1;
  if (first.kind === 'marks') return to;
  while (to < records.length && to - from < MAX_A_LINE && isAlike(first, records[to]!)) to++;
  return to;
}

function isAlike(one: JournalRecord, other: JournalRecord): boolean {
  if (one.kind === 'paid') return other.kind === 'paid' && other.outcome === one.outcome;
  return one.kind === other.kind;
}

/** A line of records that are alike. */
function toLine(records: readonly JournalRecord[]): Line {
  const first = records[0]!;
  switch (first.kind) {
    case 'owed':
      return { kind: 'owed', ...toCompact(only('owed', records).map(({ debt }) => debt)) };
    case 'grown': {
      const sums = only('grown', records).map(
        ({ key, amount, operations }) => [key, amount, operations] as const,
      );
      return { kind: 'grown', sums };
    }
    case 'paid':
      return { kind: 'paid', outcome: first.outcome, keys: only('paid', records).map(({ key }) => key) };
    case 'marks':
      return first;
    default:
      return first satisfies never;
  }
}

function only<Kind extends JournalRecord['kind']>(kind: Kind, records: readonly JournalRecord[]) {
  return records.filter((record): record is Extract<JournalRecord, { kind: Kind }> => record.kind === kind);
}
