import { crc32 } from 'node:zlib';
import type { MemoryCounter, Windows } from '../state/memory-counter.js';
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
 * is a new one u8 length of the field, field, f64 startsAt, f64 resetsAt; then u32 used, where that is MANY f64 used.
 *
 * A group needs none before it, so what is behind damage is as good as before it.
 */
export const HEADER_BYTES = 32;
/** "SDL" and the version. */
export const MAGIC = 0x314c4453;
/** A length that is larger is damage. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
const MANY = 0xffff_ffff;
const KEY_ROOM = 1_024;

export interface GroupHeader {
  readonly sequence: number;
  readonly sealedAt: number;
}

/** Makes one group after the other. */
export class GroupWriter {
  #bytes = new GrowingBytes();
  #counters = 0;
  /** By their bounds, which counters of a rule share, and the field. */
  readonly #windows = new Map<Windows['bounds'], { field: string; startsAt: number; index: number }[]>();
  #windowCount = 0;

  /** Of the group so far. */
  get bytes(): number {
    return this.#bytes.length;
  }

  begin(): void {
    this.#bytes.length = HEADER_BYTES + 4;
    this.#counters = 0;
    this.#windows.clear();
    this.#windowCount = 0;
  }

  addCounter(counter: MemoryCounter): void {
    const { buffer, view } = this.#bytes.withRoom(KEY_ROOM + 3 * counter.key.length);
    const start = this.#bytes.length;
    const keyLength = buffer.write(counter.key, start + 2);
    view.setUint16(start, keyLength, true);
    const countAt = start + 2 + keyLength;
    this.#bytes.length = countAt + 1;
    let windows = 0;
    for (let window = counter.first; window !== undefined; window = window.next) {
      this.#addWindow(window.field, window.bounds, window.startsAt, window.resetsAt, window.used);
      windows++;
    }
    this.#bytes.withRoom(0).view.setUint8(countAt, windows);
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
    header.setUint32(0, MAGIC, true);
    header.setUint32(4, group.length - HEADER_BYTES, true);
    header.setUint32(8, crc32(group.subarray(HEADER_BYTES)), true);
    header.setFloat64(12, sequence, true);
    header.setFloat64(20, sealedAt, true);
    header.setUint32(28, crc32(group.subarray(0, 28)), true);
    return group;
  }

  #addWindow(
    field: string,
    bounds: Windows['bounds'],
    startsAt: number,
    resetsAt: number,
    used: number,
  ): void {
    const { buffer, view } = this.#bytes.withRoom(KEY_ROOM);
    let at = this.#bytes.length;
    const known = this.#indexOf(field, bounds, startsAt);
    view.setUint16(at, known, true);
    at += 2;
    if (known === this.#windowCount) {
      this.#windowCount++;
      const length = buffer.write(field, at + 1);
      view.setUint8(at, length);
      view.setFloat64(at + 1 + length, startsAt, true);
      view.setFloat64(at + 9 + length, resetsAt, true);
      at += 17 + length;
    }
    if (used < MANY) {
      view.setUint32(at, used, true);
      at += 4;
    } else {
      view.setUint32(at, MANY, true);
      view.setFloat64(at + 4, used, true);
      at += 12;
    }
    this.#bytes.length = at;
  }

  /** Which of the group's windows it is; as many as there are where it is a new one. */
  #indexOf(field: string, bounds: Windows['bounds'], startsAt: number): number {
    let known = this.#windows.get(bounds);
    if (known === undefined) this.#windows.set(bounds, (known = []));
    for (const window of known)
      if (window.field === field && window.startsAt === startsAt) return window.index;
    known.push({ field, startsAt, index: this.#windowCount });
    return this.#windowCount;
  }
}

/** Where what a group holds goes. */
export interface GroupReader {
  /** The counter with this key, to put its windows into. */
  counter(key: string): MemoryCounter;
  /** Records, one behind the other. */
  operations(source: Bytes, from: number, to: number): void;
}

/** Reads the payload of a group whose checksum is right; equal windows of all groups are one array. */
export class GroupDecoder {
  readonly #shared = new Map<string, Windows>();

  read(payload: Buffer, reader: GroupReader): void {
    const source = bytesOf(payload);
    let offset = 4;
    const windows: Windows[] = [];
    for (let left = source.view.getUint32(0, true); left > 0; left--) {
      offset = this.#readCounter(source, offset, windows, reader);
    }
    reader.operations(source, offset, payload.length);
  }

  #readCounter({ buffer, view }: Bytes, offset: number, known: Windows[], reader: GroupReader): number {
    const keyEnd = offset + 2 + view.getUint16(offset, true);
    const key = buffer.toString('utf8', offset + 2, keyEnd);
    const counter = reader.counter(key);
    let at = keyEnd + 1;
    for (let left = view.getUint8(keyEnd); left > 0; left--) {
      const index = view.getUint16(at, true);
      at += 2;
      if (index === known.length) {
        const length = view.getUint8(at);
        const field = buffer.toString('utf8', at + 1, at + 1 + length);
        at += 1 + length;
        known.push(this.#share(field, view.getFloat64(at, true), view.getFloat64(at + 8, true)));
        at += 16;
      }
      const few = view.getUint32(at, true);
      const used = few === MANY ? view.getFloat64(at + 4, true) : few;
      at += few === MANY ? 12 : 4;
      counter.put(known[index]!, 'current', used);
    }
    return at;
  }

  #share(field: string, startsAt: number, resetsAt: number): Windows {
    const name = `${field} ${startsAt} ${resetsAt}`;
    let window = this.#shared.get(name);
    if (window === undefined) {
      window = { field, bounds: [startsAt, resetsAt, resetsAt] };
      this.#shared.set(name, window);
    }
    return window;
  }
}
