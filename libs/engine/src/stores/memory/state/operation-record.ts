/** What the embedded store remembers of an operation. */
export interface MemoryOperation {
  readonly content: string;
  /** The attempts whose callers may rely on the counted operation, joined by commas; of a tombstone, the voided one. */
  readonly attempts: string;
  /** When it was counted: an instant that lies in every window it was counted in. */
  readonly at: number;
  /** Store clock: from then on it is forgotten, however often it was repeated. */
  readonly until: number;
  readonly voided: boolean;
  /** When it was counted, or voided, by the machine's clock: room is kept for it for `REMEMBER_MS` from then. */
  readonly countedAt: number;
  /** It is remembered to its end, also where that is later than `REMEMBER_MS`. */
  readonly lasting?: true;
}

/** Bytes with both of the views that a codec needs. */
export interface Bytes {
  readonly buffer: Buffer;
  readonly view: DataView;
}

export function bytesOf(buffer: Buffer): Bytes {
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.length) };
}

/*
 * An operation record, the same in memory and in the log, little-endian:
 *
 *   0 u16 length of all · 2 u16 length of the id · 4 u16 flags · 6 u16 length of the content · 8 f64 countedAt
 *   16 f64 at · 24 f64 until · 32 id (UTF-8) · content (UTF-8) · attempts (UTF-8), absent where they are the id itself, as
 *   for an id that the node made
 */
const HEADER_BYTES = 32;
const VOIDED = 1;
const ATTEMPTS_ARE_ID = 2;
const LASTING = 4;
/** Ids are bounded in the request, far below this. */
export const MAX_ID_BYTES = 16 * 1024;

/** An upper bound of what `writeRecord` takes. */
export function roomFor(id: string, { content, attempts }: MemoryOperation): number {
  return HEADER_BYTES + 3 * (id.length + content.length + attempts.length);
}

/** Writes the record of an operation at `offset`, and returns its length. */
export function writeRecord(
  { buffer, view }: Bytes,
  offset: number,
  [id, operation]: readonly [string, MemoryOperation],
): number {
  const idEnd = offset + HEADER_BYTES + buffer.write(id, offset + HEADER_BYTES);
  const attemptsAreId = operation.attempts === id;
  const contentEnd = idEnd + buffer.write(operation.content, idEnd);
  const end = attemptsAreId ? contentEnd : contentEnd + buffer.write(operation.attempts, contentEnd);
  view.setUint16(offset, end - offset, true);
  view.setUint16(offset + 2, idEnd - offset - HEADER_BYTES, true);
  const flags =
    (operation.voided ? VOIDED : 0) |
    (attemptsAreId ? ATTEMPTS_ARE_ID : 0) |
    (operation.lasting ? LASTING : 0);
  view.setUint16(offset + 4, flags, true);
  view.setUint16(offset + 6, contentEnd - idEnd, true);
  view.setFloat64(offset + 8, operation.countedAt, true);
  view.setFloat64(offset + 16, operation.at, true);
  view.setFloat64(offset + 24, operation.until, true);
  return end - offset;
}

/** The operation whose record is at `offset`. */
export function readRecord({ buffer, view }: Bytes, offset: number): MemoryOperation {
  const flags = view.getUint16(offset + 4, true);
  const [from, to] = idIn({ buffer, view }, offset);
  const contentEnd = to + view.getUint16(offset + 6, true);
  const attemptsAreId = (flags & ATTEMPTS_ARE_ID) !== 0;
  const operation: MemoryOperation = {
    countedAt: view.getFloat64(offset + 8, true),
    at: view.getFloat64(offset + 16, true),
    until: view.getFloat64(offset + 24, true),
    content: buffer.toString('utf8', to, contentEnd),
    voided: (flags & VOIDED) !== 0,
    attempts: attemptsAreId
      ? buffer.toString('utf8', from, to)
      : buffer.toString('utf8', contentEnd, offset + lengthAt({ view }, offset)),
  };
  return (flags & LASTING) === 0 ? operation : { ...operation, lasting: true };
}

export function isLastingIn({ view }: Pick<Bytes, 'view'>, offset: number): boolean {
  return (view.getUint16(offset + 4, true) & LASTING) !== 0;
}

/** The length of the record at `offset`. */
export function lengthAt({ view }: Pick<Bytes, 'view'>, offset: number): number {
  return view.getUint16(offset, true);
}

export function countedAtIn({ view }: Pick<Bytes, 'view'>, offset: number): number {
  return view.getFloat64(offset + 8, true);
}

/** Where the id of the record at `offset` begins and ends. */
export function idIn({ view }: Bytes, offset: number): readonly [from: number, to: number] {
  const from = offset + HEADER_BYTES;
  return [from, from + view.getUint16(offset + 2, true)];
}
