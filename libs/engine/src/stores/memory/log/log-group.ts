import { crc32 } from 'node:zlib';
import type { CounterRecords, LimitState, Windows } from '../state/counter-records.js';
import type { CounterTable } from '../state/counter-table.js';
import {
  bytesOf,
  roomFor,
  writeRecord,
  type Bytes,
  type MemoryOperation,
} from '../state/operation-record.js';
import { GrowingBytes } from './growing-bytes.js';

/*
 * A group: what is written to the log together, and holds together or not at all. Little-endian:
 *
 *   0 u32 magic, with the format's version · 4 u32 length of the payload · 8 u32 its CRC-32
 *   12 f64 sequence, one more than the group before · 20 f64 when it was sealed (the machine's clock)
 *   28 u32 CRC-32 of these 28 bytes · 32 payload
 *
 * Payload: u32 number of counters, the counters, operation records (`operation-record.ts`) to the end. A counter:
 * u16 length of its key, key (UTF-8), u8 number of windows; of each a u16 which of the group's windows it is, where it
 * is a new one u8 length of the field, field, f64 startsAt, f64 resetsAt; then the units used, and in format 2 the units
 * reserved. Units: u32, where that is MANY f64. A store that has never reserved anything writes format 1, as the versions
 * before reservations did.
 *
 * A group needs none before it, so what is behind damage is as good as before it.
 */
export const HEADER_BYTES = 32;
export const FORMATS = [1, 2] as const;
type Format = (typeof FORMATS)[number];
/** "SDL" and the version. */
export const MAGICS: Readonly<Record<Format, number>> = { 1: 0x314c4453, 2: 0x324c4453 };
/** A length that is larger is damage. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
const MANY = 0xffff_ffff;
/** For a window with the longest field. */
const WINDOW_ROOM = 1_024;
/** They are numbered with 16 bits, and a counter may have 255 new ones. */
const MAX_WINDOWS = 65_535 - 255;

export interface GroupHeader {
  readonly sequence: number;
  readonly sealedAt: number;
}

/** What a group holds. */
export interface Group {
  readonly format: Format;
  readonly payload: Buffer;
}

/** Makes one group after the other. */
export class GroupWriter {
  readonly #records: CounterRecords;
  readonly #bytes = new GrowingBytes();
  #format: Format = 1;
  #counters = 0;
  /** By when they begin. */
  readonly #windows = new Map<number, { field: string; resetsAt: number; index: number }[]>();
  #windowCount = 0;

  constructor(records: CounterRecords) {
    this.#records = records;
  }

  /** Of the group so far. */
  get bytes(): number {
    return this.#bytes.length;
  }

  /** It has room for no more counters. */
  get isFull(): boolean {
    return this.#windowCount > MAX_WINDOWS;
  }

  begin(): void {
    this.#bytes.length = HEADER_BYTES + 4;
    this.#format = this.#records.hasReserved ? 2 : 1;
    this.#counters = 0;
    this.#windows.clear();
    this.#windowCount = 0;
  }

  addCounter(counter: number): void {
    const records = this.#records;
    const { buffer, view } = this.#bytes.withRoom(3 + records.maxKeyBytes(counter));
    const start = this.#bytes.length;
    const keyLength = records.writeKey(counter, { buffer, at: start + 2 });
    view.setUint16(start, keyLength, true);
    view.setUint8(start + 2 + keyLength, records.limitCount(counter));
    this.#bytes.length = start + 3 + keyLength;
    for (const limit of records.limits(counter)) this.#addWindow(limit);
    this.#counters++;
  }

  addRecords(records: Buffer): void {
    this.#bytes.add(records);
  }

  addRecord(id: string, operation: MemoryOperation): void {
    const bytes = this.#bytes.withRoom(roomFor(id, operation));
    this.#bytes.length += writeRecord(bytes, this.#bytes.length, [id, operation]);
  }

  end({ sequence, sealedAt }: GroupHeader): Buffer {
    const { view } = this.#bytes.withRoom(0);
    view.setUint32(HEADER_BYTES, this.#counters, true);
    const group = this.#bytes.copy();
    const header = bytesOf(group).view;
    header.setUint32(0, MAGICS[this.#format], true);
    header.setUint32(4, group.length - HEADER_BYTES, true);
    header.setUint32(8, crc32(group.subarray(HEADER_BYTES)), true);
    header.setFloat64(12, sequence, true);
    header.setFloat64(20, sealedAt, true);
    header.setUint32(28, crc32(group.subarray(0, 28)), true);
    return group;
  }

  #addWindow(limit: LimitState): void {
    const { buffer, view } = this.#bytes.withRoom(WINDOW_ROOM);
    let at = this.#bytes.length;
    const known = this.#indexOf(limit);
    view.setUint16(at, known, true);
    at += 2;
    if (known === this.#windowCount) {
      this.#windowCount++;
      const length = buffer.write(limit.field, at + 1);
      view.setUint8(at, length);
      view.setFloat64(at + 1 + length, limit.startsAt, true);
      view.setFloat64(at + 9 + length, limit.resetsAt, true);
      at += 17 + length;
    }
    at = writeUnits(view, at, limit.used);
    this.#bytes.length = this.#format === 1 ? at : writeUnits(view, at, limit.reserved);
  }

  /** Which of the group's windows it is; as many as there are where it is a new one. */
  #indexOf({ field, startsAt, resetsAt }: LimitState): number {
    let known = this.#windows.get(startsAt);
    if (known === undefined) this.#windows.set(startsAt, (known = []));
    for (const window of known)
      if (window.field === field && window.resetsAt === resetsAt) return window.index;
    known.push({ field, resetsAt, index: this.#windowCount });
    return this.#windowCount;
  }
}

/** Returns where it ends. */
function writeUnits(view: DataView, at: number, units: number): number {
  if (units < MANY) {
    view.setUint32(at, units, true);
    return at + 4;
  }
  view.setUint32(at, MANY, true);
  view.setFloat64(at + 4, units, true);
  return at + 12;
}

/** Where what a group holds goes. */
export interface GroupReader {
  readonly counters: CounterTable;
  /** The log segment that the group stands in. */
  readonly segment: number;
  /** Records, one behind the other. */
  operations(source: Bytes, from: number, to: number): void;
}

/** Reads a group whose checksum is right. */
export function readGroup({ format, payload }: Group, reader: GroupReader): void {
  const source = bytesOf(payload);
  const counters = new CounterDecoder(source, format, reader);
  for (let left = source.view.getUint32(0, true); left > 0; left--) counters.readOne();
  reader.operations(source, counters.offset, payload.length);
}

class CounterDecoder {
  readonly #known: Windows[] = [];
  offset = 4;

  constructor(
    private readonly source: Bytes,
    private readonly format: Format,
    private readonly reader: GroupReader,
  ) {}

  readOne(): void {
    const { buffer, view } = this.source;
    const { counters, segment } = this.reader;
    const keyEnd = this.offset + 2 + view.getUint16(this.offset, true);
    const key = buffer.toString('utf8', this.offset + 2, keyEnd);
    const limits = view.getUint8(keyEnd);
    this.offset = keyEnd + 1;
    let counter = counters.restore(key, limits);
    for (let n = 0; n < limits; n++) {
      const window = this.#readWindow();
      counter = counters.put(counter, window, 'current', this.#readUnits());
      if (this.format === 1) continue;
      const limit = counters.records.limitOf(counter, window.field);
      counters.records.setReserved(limit, this.#readUnits());
    }
    counters.records.setSegment(counter, segment);
  }

  #readWindow(): Windows {
    const { buffer, view } = this.source;
    const index = view.getUint16(this.offset, true);
    this.offset += 2;
    if (index < this.#known.length) return this.#known[index]!;
    const startsAt = this.offset + 1 + view.getUint8(this.offset);
    const field = buffer.toString('utf8', this.offset + 1, startsAt);
    const [from, to] = [view.getFloat64(startsAt, true), view.getFloat64(startsAt + 8, true)];
    const window: Windows = { field, bounds: [from, to, to] };
    this.#known.push(window);
    this.offset = startsAt + 16;
    return window;
  }

  #readUnits(): number {
    const { view } = this.source;
    const few = view.getUint32(this.offset, true);
    this.offset += 4;
    if (few !== MANY) return few;
    this.offset += 8;
    return view.getFloat64(this.offset - 8, true);
  }
}
