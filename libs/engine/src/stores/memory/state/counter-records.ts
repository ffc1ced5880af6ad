import type { LimitSpec, WindowIndex } from '../../counter-ref.js';
import { NEVER } from '../../../windows/window.js';
import { resetsAtOf, startsAtOf } from '../../window-index.js';
import { FieldNames } from './field-names.js';
import { offsetOf, RecordArena, type Place } from './record-arena.js';
import { copyKey, isKey, keyHeader, keyText, keyWords, maxUtf8Bytes, putKey } from './record-key.js';

/** Of a limit, what says which window is meant. */
export type Windows = Pick<LimitSpec, 'field' | 'bounds' | 'own'>;

/** One of a counter's limits: its latest window, and the units of that. */
export interface LimitState {
  readonly field: string;
  readonly startsAt: number;
  readonly resetsAt: number;
  readonly used: number;
  readonly reserved: number;
}

/** What the log lacks of a counter: nothing, only that it be written once more, or a change. */
type Unlogged = 'nothing' | 'copy' | 'change';
const UNLOGGED: readonly Unlogged[] = ['nothing', 'copy', 'change'];

/** Where there is no such limit. */
export const NO_LIMIT = -1;
/** The log has a byte for their number. One more takes the place of the one whose window ends first. */
const MAX_LIMITS = 255;
/** As many as the log can hold. Keys that rules and subjects make have at most 1,052. */
const MAX_KEY_LENGTH = 16_384;

/*
 * A record, in words of 8 bytes; the arena has the first:
 *
 *   1 u32 hash · u32 key's characters × 2, and 1 more where it is UTF-16
 *   2 u32 log segment · u8 number of limits · u8 what the log lacks
 *   3 key: ASCII, else UTF-16 · behind it of each limit f64 field, startsAt, resetsAt, used, reserved
 */
const ARENA_BYTES = 8;
const HEADER_WORDS = 3;
const STATE_WORD = 2;
const HASH = 2;
const KEY = 3;
const SEGMENT = 4;
const LIMITS_BYTE = 20;
const UNLOGGED_BYTE = 21;
const LIMIT_WORDS = 5;
const [FIELD, STARTS_AT, RESETS_AT, USED, RESERVED] = [0, 1, 2, 3, 4] as const;

/**
 * The records of counters, in memory outside the heap: a million of them are no work for the garbage collector. A record
 * is known by its address, and so is a limit in it; an address is good until the record is freed or widened.
 */
export class CounterRecords {
  readonly #arena = new RecordArena();
  readonly #fields = new FieldNames();
  #hasReserved = false;

  /** Memory that is taken up. */
  get bytes(): number {
    return this.#arena.bytes;
  }

  /** Whether there was ever a reserved unit: while there was none, the log need not speak of them. */
  get hasReserved(): boolean {
    return this.#hasReserved;
  }

  /** A record without limits that has room for so many. */
  create(key: string, { hash, room }: { readonly hash: number; readonly room: number }): number {
    if (key.length > MAX_KEY_LENGTH)
      throw new RangeError(`a counter's key has at most ${MAX_KEY_LENGTH} characters, not ${key.length}`);
    const header = keyHeader(key);
    const record = this.#arena.allocate(HEADER_WORDS + keyWords(header) + room * LIMIT_WORDS);
    const chunk = this.#arena.chunkOf(record);
    const offset = offsetOf(record);
    chunk.words[offset + STATE_WORD] = 0;
    chunk.halves[2 * offset + HASH] = hash;
    chunk.halves[2 * offset + KEY] = header;
    putKey(chunk, keyAt(record), key);
    return record;
  }

  /** The same counter in a record with room for one limit more. The one before is freed. */
  widen(record: number): number {
    const length = this.#limitsFrom(record) - record + this.limitCount(record) * LIMIT_WORDS;
    const wider = this.#arena.allocate(length + LIMIT_WORDS);
    // As bytes: a word of a key may be no number, and would not stay what it is.
    const from = 8 * offsetOf(record);
    const copied = this.#arena.chunkOf(record).bytes.subarray(from + ARENA_BYTES, from + 8 * length);
    this.#arena.chunkOf(wider).bytes.set(copied, 8 * offsetOf(wider) + ARENA_BYTES);
    this.free(record);
    // Where the log has it listed, that is under the address before.
    this.setUnlogged(wider, 'nothing');
    return wider;
  }

  free(record: number): void {
    this.#arena.free(record);
  }

  /** Whether a record begins at this address, which was one once. */
  isRecord(at: number): boolean {
    return this.#arena.isInUse(at);
  }

  placeOf(record: number): Place {
    return this.#arena.placeOf(record);
  }

  /** The address of what is still at this place; undefined where that was freed or widened, or is in other records. */
  recordAt(place: Place): number | undefined {
    return place.addressIn(this.#arena);
  }

  /**
   * The addresses of all records, and undefined where there are none for a while. Of those that are created or widened
   * meanwhile it may miss some. From an address on, which was one once.
   */
  all(from = 0): Generator<number | undefined> {
    return this.#arena.inUse(from);
  }

  hash(record: number): number {
    return this.#arena.chunkOf(record).halves[2 * offsetOf(record) + HASH]!;
  }

  /** The log segment that it was written to last. */
  segment(record: number): number {
    return this.#arena.chunkOf(record).halves[2 * offsetOf(record) + SEGMENT]!;
  }

  setSegment(record: number, segment: number): void {
    this.#arena.chunkOf(record).halves[2 * offsetOf(record) + SEGMENT] = segment;
  }

  unlogged(record: number): Unlogged {
    return UNLOGGED[this.#arena.chunkOf(record).bytes[8 * offsetOf(record) + UNLOGGED_BYTE]!]!;
  }

  setUnlogged(record: number, unlogged: Unlogged): void {
    const { bytes } = this.#arena.chunkOf(record);
    bytes[8 * offsetOf(record) + UNLOGGED_BYTE] = UNLOGGED.indexOf(unlogged);
  }

  hasKey(record: number, key: string): boolean {
    return isKey(this.#arena.chunkOf(record), keyAt(record), this.#keyHeader(record), key);
  }

  key(record: number): string {
    return keyText(this.#arena.chunkOf(record), keyAt(record), this.#keyHeader(record));
  }

  /** The most bytes that `writeKey` writes. */
  maxKeyBytes(record: number): number {
    return maxUtf8Bytes(this.#keyHeader(record));
  }

  /** Writes its key in UTF-8; returns how many bytes that are. */
  writeKey(record: number, target: { readonly buffer: Buffer; readonly at: number }): number {
    return copyKey(this.#arena.chunkOf(record), keyAt(record), this.#keyHeader(record), target);
  }

  limitCount(record: number): number {
    return this.#arena.chunkOf(record).bytes[8 * offsetOf(record) + LIMITS_BYTE]!;
  }

  /** The address of the limit with this name, or `NO_LIMIT`. */
  limitOf(record: number, field: string): number {
    const { words } = this.#arena.chunkOf(record);
    const { names } = this.#fields;
    const from = this.#limitsFrom(record);
    const offset = offsetOf(from);
    const end = offset + this.limitCount(record) * LIMIT_WORDS;
    for (let at = offset; at < end; at += LIMIT_WORDS)
      if (names[words[at + FIELD]!] === field) return from + at - offset;
    return NO_LIMIT;
  }

  /** Whether one more limit can be added to it as it is. */
  hasRoom(record: number): boolean {
    const count = this.limitCount(record);
    const length = this.#limitsFrom(record) - record + (count + 1) * LIMIT_WORDS;
    return count === MAX_LIMITS || length <= this.#arena.chunkOf(record).blockWords;
  }

  /** The address of a limit that is new in a record that has room for it; it has no window yet. */
  addLimit(record: number, field: string): number {
    const { words, bytes } = this.#arena.chunkOf(record);
    const count = this.limitCount(record);
    const isFull = count === MAX_LIMITS;
    const limit = isFull ? this.#firstToEnd(record) : this.#limitsFrom(record) + count * LIMIT_WORDS;
    if (!isFull) bytes[8 * offsetOf(record) + LIMITS_BYTE] = count + 1;
    const offset = offsetOf(limit);
    words.fill(0, offset, offset + LIMIT_WORDS);
    words[offset + FIELD] = this.#fields.numberOf(field);
    return limit;
  }

  /** Puts a limit into this window, in which so much is used. What is reserved stays, unless the window is another one. */
  setWindow(limit: number, windows: Windows, windowIndex: WindowIndex, used: number): void {
    const { words } = this.#arena.chunkOf(limit);
    const offset = offsetOf(limit);
    const startsAt = startsAtOf(windows, windowIndex);
    if (words[offset + STARTS_AT] !== startsAt) {
      words[offset + STARTS_AT] = startsAt;
      words[offset + RESERVED] = 0;
    }
    words[offset + RESETS_AT] = resetsAtOf(windows, windowIndex);
    words[offset + USED] = used;
  }

  startsAt(limit: number): number {
    return this.#arena.chunkOf(limit).words[offsetOf(limit) + STARTS_AT]!;
  }

  used(limit: number): number {
    return this.#arena.chunkOf(limit).words[offsetOf(limit) + USED]!;
  }

  /** Units of its window that are held. */
  reserved(limit: number): number {
    return this.#arena.chunkOf(limit).words[offsetOf(limit) + RESERVED]!;
  }

  setReserved(limit: number, reserved: number): void {
    this.#arena.chunkOf(limit).words[offsetOf(limit) + RESERVED] = reserved;
    this.#hasReserved ||= reserved > 0;
  }

  state(limit: number): LimitState {
    const { words } = this.#arena.chunkOf(limit);
    const offset = offsetOf(limit);
    return {
      field: this.#fields.names[words[offset + FIELD]!]!,
      startsAt: words[offset + STARTS_AT]!,
      resetsAt: words[offset + RESETS_AT]!,
      used: words[offset + USED]!,
      reserved: words[offset + RESERVED]!,
    };
  }

  /** All limits of a counter. */
  limits(record: number): LimitState[] {
    const limits: LimitState[] = [];
    const from = this.#limitsFrom(record);
    const count = this.limitCount(record);
    for (let n = 0; n < count; n++) limits.push(this.state(from + n * LIMIT_WORDS));
    return limits;
  }

  /** When the last of its windows ends that says more than that nothing was used: one without an end may not. */
  endsAt(record: number): number {
    const { words } = this.#arena.chunkOf(record);
    const from = offsetOf(this.#limitsFrom(record));
    const end = from + this.limitCount(record) * LIMIT_WORDS;
    let endsAt = -Infinity;
    for (let limit = from; limit < end; limit += LIMIT_WORDS) {
      const resetsAt = words[limit + RESETS_AT]!;
      const isEmpty = words[limit + USED] === 0 && words[limit + RESERVED] === 0;
      if (resetsAt > endsAt && !(resetsAt === NEVER && isEmpty)) endsAt = resetsAt;
    }
    return endsAt;
  }

  #keyHeader(record: number): number {
    return this.#arena.chunkOf(record).halves[2 * offsetOf(record) + KEY]!;
  }

  /** The address behind the key. */
  #limitsFrom(record: number): number {
    return record + HEADER_WORDS + keyWords(this.#keyHeader(record));
  }

  #firstToEnd(record: number): number {
    const from = this.#limitsFrom(record);
    const ends = this.limits(record).map(({ resetsAt }) => resetsAt);
    return from + ends.indexOf(Math.min(...ends)) * LIMIT_WORDS;
  }
}

/** Where its key begins among the bytes of its chunk. */
function keyAt(record: number): number {
  return 8 * (offsetOf(record) + HEADER_WORDS);
}
