import type { MeterAmounts, Watermark } from '@sundial/engine/ports';
import {
  fromCompact,
  hasReservations,
  namesMeters,
  toCompact,
  type CompactSettlements,
} from './compact-settlements.js';
import { toCheckedLine } from './checked-line.js';
import type { PendingSettlement } from '../outbox/pending-settlement.js';

/** What the journal notes. The last record of a key holds, and the last of the watermarks. */
export type JournalRecord =
  | { readonly kind: 'pending'; readonly pending: PendingSettlement }
  /** A pending settlement that is a sum has grown. */
  | {
      readonly kind: 'grown';
      readonly key: string;
      readonly amount: number;
      readonly amounts?: MeterAmounts | undefined;
      readonly operations: number;
    }
  | { readonly kind: 'acknowledged'; readonly key: string; readonly outcome: string }
  /** What was written into the store last, on each of its servers. */
  | { readonly kind: 'watermarks'; readonly marks: readonly Watermark[] };

/** Records of one kind, as a line has them: a line for each would cost more than the decision it is about. */
type Line =
  | ({ readonly kind: 'pending' } & CompactSettlements)
  | { readonly kind: 'grown'; readonly sums: readonly GrownSum[] }
  | { readonly kind: 'acknowledged'; readonly outcome: string; readonly keys: readonly string[] }
  | { readonly kind: 'watermarks'; readonly marks: readonly Watermark[] };

/** Key, amount, operations, and amounts where it takes of other meters than `units`. */
type GrownSum = readonly [string, number, number, MeterAmounts?];

/** Raised when lines change in a way that an older program would misread. */
const FORMAT = 4;
/** Of lines with other meters than `units`, or limits of such: a program that knows only `FORMAT` refuses them. */
const FORMAT_WITH_METERS = 5;
/** Of lines about reservations and refunds: programs that know only the ones before refuse them. */
const FORMAT_WITH_RESERVATIONS = 6;
const FORMATS: readonly unknown[] = [FORMAT, FORMAT_WITH_METERS, FORMAT_WITH_RESERVATIONS];
/** Of files in an earlier format, only the watermarks can be read. */
const FORMER_FORMATS: readonly unknown[] = [1, 2, 3];
/** What an earlier format calls what is pending. */
const FORMER_PENDING = 'owed';
/** And the watermarks. */
const FORMER_WATERMARKS = 'marks';
/** Records in one line at most: as many as a damaged byte costs. */
const MAX_A_LINE = 64;

/** Records in their order, as lines of one kind each. */
export function toLines(records: readonly JournalRecord[]): string {
  let text = '';
  for (let from = 0; from < records.length;) {
    const to = endOfLine(records, from);
    const line = toLine(records.slice(from, to));
    text += toCheckedLine({ format: formatOf(line), ...line });
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
  if (!FORMATS.includes(format)) return fromOther(value as OtherLine);
  switch (line.kind) {
    case 'pending':
      return fromCompact(line).map((pending) => ({ kind: 'pending', pending }));
    case 'grown':
      return line.sums.map(([key, amount, operations, amounts]) => ({
        ...{ kind: 'grown', key, amount, operations },
        ...(amounts && { amounts }),
      }));
    case 'acknowledged':
      return line.keys.map((key) => ({ kind: 'acknowledged', key, outcome: line.outcome }));
    case 'watermarks':
      return [line];
    default:
      return line satisfies never;
  }
}

function formatOf(line: Line): number {
  if (line.kind === 'pending' && hasReservations(line)) return FORMAT_WITH_RESERVATIONS;
  const hasMeters =
    (line.kind === 'pending' && namesMeters(line)) ||
    (line.kind === 'grown' && line.sums.some(([, , , amounts]) => amounts !== undefined));
  return hasMeters ? FORMAT_WITH_METERS : FORMAT;
}

/** Of an earlier format, the watermarks. */
function fromOther({ format, kind, marks = [] }: OtherLine): readonly JournalRecord[] {
  if (!FORMER_FORMATS.includes(format) || kind === FORMER_PENDING) {
    throw new Error(
      `The journal was written by another version of Sundial (format ${String(format)}, this one reads ` +
        `${FORMATS.join(', ')}). Start that version until GET /admin/journal shows that nothing is pending, or move journal.log away.`,
    );
  }
  return kind === FORMER_WATERMARKS ? [{ kind: 'watermarks', marks }] : [];
}

interface OtherLine {
  readonly format: unknown;
  readonly kind: string;
  readonly marks?: readonly Watermark[];
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
      return { kind: 'pending', ...toCompact(only('pending', records).map(({ pending }) => pending)) };
    case 'grown': {
      const sums = only('grown', records).map(({ key, amount, operations, amounts }): GrownSum =>
        amounts ? [key, amount, operations, amounts] : [key, amount, operations],
      );
      return { kind: 'grown', sums };
    }
    case 'acknowledged': {
      const keys = only('acknowledged', records).map(({ key }) => key);
      return { kind: 'acknowledged', outcome: first.outcome, keys };
    }
    case 'watermarks':
      return first;
    default:
      return first satisfies never;
  }
}

function only<Kind extends JournalRecord['kind']>(kind: Kind, records: readonly JournalRecord[]) {
  return records.filter((record): record is Extract<JournalRecord, { kind: Kind }> => record.kind === kind);
}
