import { REMEMBER_MS } from '../../take.js';
import { keyedHash } from './keyed-hash.js';
import { offHeap } from './off-heap.js';
import { HashIndex } from './hash-index.js';
import {
  bytesOf,
  countedAtIn,
  idIn,
  isLastingIn,
  lengthAt,
  readRecord,
  roomFor,
  writeRecord,
  MAX_ID_BYTES,
  type Bytes,
  type MemoryOperation,
} from './operation-record.js';

/** Records are forgotten a chunk at a time: about 4,000 operations, in half a millisecond. */
const CHUNK_BYTES = 256 * 1024;
/** Beyond this the oldest operations are forgotten early: about 15 million. */
const MAX_OPERATION_BYTES = 1024 * 1024 * 1024;
/** Chunks forgotten in one call, so that the pause is bounded and more is forgotten than can be added meanwhile. */
const FORGET_CHUNKS = 2;
/** Chunks kept to be filled again, so that steady traffic allocates nothing. */
const MAX_SPARE_CHUNKS = 64;

/**
 * Operations by id, each for `REMEMBER_MS` from when it was counted. Records lie one behind the other in chunks outside
 * the heap, in the order in which they came: what is too old is at the front and goes a chunk at a time. A record that
 * changes is written again behind the others. The log takes the very bytes (`takeUnlogged`).
 */
export class OperationTable {
  readonly #maxChunks: number;
  readonly #index = new HashIndex();
  /** By their slot, which is the upper part of a position. */
  readonly #chunks: (Chunk | undefined)[] = [];
  readonly #spare: Buffer[] = [];
  #oldest: Chunk;
  #newest: Chunk;
  #unlogged: Chunk;
  #hasLasting = false;
  readonly #scratch: Buffer = Buffer.allocUnsafeSlow(MAX_ID_BYTES);
  /** An id that is looked for. */
  #sought = { buffer: this.#scratch, from: 0, to: 0 };
  readonly #isSought = (position: number) => this.#holdsSought(position);

  constructor(maxBytes = MAX_OPERATION_BYTES) {
    this.#maxChunks = Math.max(2, Math.floor(maxBytes / CHUNK_BYTES));
    this.#oldest = this.#newest = this.#unlogged = this.#open();
  }

  /** Operations that are remembered, or were until lately. */
  get size(): number {
    return this.#index.size;
  }

  get(id: string, now: number): MemoryOperation | undefined {
    const position = this.#index.find(this.#seek(id), this.#isSought);
    if (position < 0) return undefined;
    const chunk = this.#chunks[Math.floor(position / CHUNK_BYTES)]!;
    const operation = readRecord(chunk.bytes, position % CHUNK_BYTES);
    return now - operation.countedAt < REMEMBER_MS ? operation : undefined;
  }

  set(id: string, operation: MemoryOperation, now: number): void {
    const chunk = this.#chunkWith(roomFor(id, operation), now);
    const length = writeRecord(chunk.bytes, chunk.end, [id, operation]);
    this.#append(chunk, length);
  }

  /** Takes over the records between these offsets, which are in the log already, but for those that are too old. */
  restore(source: Bytes, from: number, to: number, now: number): void {
    for (let offset = from; offset < to;) {
      const length = lengthAt(source, offset);
      const isOld = now - countedAtIn(source, offset) >= REMEMBER_MS;
      offset += isOld ? length : this.#restoreSome(source, offset, to, now);
    }
  }

  /** The latest records of operations whose content begins with this byte. */
  *startingWith(first: number): Generator<readonly [id: string, operation: MemoryOperation]> {
    yield* this.#latest((bytes, offset) => bytes.buffer[idIn(bytes, offset)[1]] === first);
  }

  /** The latest records of operations that last. */
  *lasting(): Generator<readonly [id: string, operation: MemoryOperation]> {
    if (this.#hasLasting) yield* this.#latest(isLastingIn);
  }

  *#latest(
    isMeant: (bytes: Bytes, offset: number) => boolean,
  ): Generator<readonly [id: string, operation: MemoryOperation]> {
    for (let chunk: Chunk | undefined = this.#oldest; chunk !== undefined; chunk = chunk.next) {
      const { slot, bytes } = chunk;
      for (let offset = 0; offset < chunk.end; offset += lengthAt(bytes, offset)) {
        if (!isMeant(bytes, offset)) continue;
        const [from, to] = idIn(bytes, offset);
        this.#sought = { buffer: bytes.buffer, from, to };
        const latest = this.#index.find(keyedHash(bytes.buffer, from, to), this.#isSought);
        if (latest === slot * CHUNK_BYTES + offset)
          yield [bytes.buffer.toString('utf8', from, to), readRecord(bytes, offset)];
      }
    }
  }

  /** The bytes of records that were added since the last call, of so many chunks at most. */
  takeUnlogged(limit: number): readonly Buffer[] {
    const taken: Buffer[] = [];
    for (;;) {
      const chunk = this.#unlogged;
      if (chunk.loggedEnd < chunk.end) taken.push(chunk.bytes.buffer.subarray(chunk.loggedEnd, chunk.end));
      chunk.loggedEnd = chunk.end;
      if (chunk.next === undefined) return taken;
      this.#unlogged = chunk.next;
      if (taken.length === limit) return taken;
    }
  }

  /** Drops operations that are too old, a bounded number at a time. */
  forget(now: number, limit = FORGET_CHUNKS): void {
    for (let n = 0; n < limit && now - this.#oldest.lastAt >= REMEMBER_MS; n++) {
      if (this.#oldest.next === undefined) return;
      this.#dropOldest();
    }
  }

  /** Copies records that are young enough until a chunk is full; returns how many bytes it took. */
  #restoreSome(source: Bytes, from: number, to: number, now: number): number {
    const chunk = this.#chunkWith(lengthAt(source, from), now);
    let end = from;
    while (end < to && now - countedAtIn(source, end) < REMEMBER_MS) {
      const next = end + lengthAt(source, end);
      if (chunk.end + next - from > CHUNK_BYTES) break;
      end = next;
    }
    source.buffer.copy(chunk.bytes.buffer, chunk.end, from, end);
    const chunkEnd = chunk.end + end - from;
    while (chunk.end < chunkEnd) this.#append(chunk, lengthAt(chunk.bytes, chunk.end));
    chunk.loggedEnd = chunk.end;
    this.#unlogged = chunk;
    return end - from;
  }

  /** Makes the index point at the record that was just written behind the chunk's others. */
  #append(chunk: Chunk, length: number): void {
    const { buffer } = chunk.bytes;
    this.#hasLasting ||= isLastingIn(chunk.bytes, chunk.end);
    const [from, to] = idIn(chunk.bytes, chunk.end);
    this.#sought = { buffer, from, to };
    const hash = keyedHash(buffer, from, to);
    const known = this.#index.find(hash, this.#isSought);
    this.#index.put(hash, chunk.slot * CHUNK_BYTES + chunk.end, known);
    chunk.lastAt = Math.max(chunk.lastAt, countedAtIn(chunk.bytes, chunk.end));
    chunk.end += length;
  }

  #seek(id: string): number {
    const to = this.#scratch.write(id);
    this.#sought = { buffer: this.#scratch, from: 0, to };
    return keyedHash(this.#scratch, 0, to);
  }

  #holdsSought(position: number): boolean {
    const { bytes } = this.#chunks[Math.floor(position / CHUNK_BYTES)]!;
    const [from, to] = idIn(bytes, position % CHUNK_BYTES);
    const sought = this.#sought;
    if (to - from !== sought.to - sought.from) return false;
    for (let at = from; at < to; at++)
      if (bytes.buffer[at] !== sought.buffer[at - from + sought.from]) return false;
    return true;
  }

  #chunkWith(room: number, now: number): Chunk {
    if (this.#newest.end + room <= CHUNK_BYTES) return this.#newest;
    this.forget(now);
    if (this.#oldest.slot !== this.#newest.slot && this.#isFull) this.#dropOldest();
    const chunk = this.#open();
    this.#newest.next = chunk;
    return (this.#newest = chunk);
  }

  get #isFull(): boolean {
    return this.#chunks.length >= this.#maxChunks && this.#chunks.every((chunk) => chunk !== undefined);
  }

  #open(): Chunk {
    const free = this.#chunks.indexOf(undefined);
    const slot = free < 0 ? this.#chunks.length : free;
    const bytes = bytesOf(this.#spare.pop() ?? Buffer.from(offHeap(CHUNK_BYTES)));
    const chunk: Chunk = { slot, bytes, end: 0, loggedEnd: 0, lastAt: -Infinity, next: undefined };
    this.#chunks[slot] = chunk;
    return chunk;
  }

  #dropOldest(): void {
    const { slot, bytes, end, next } = this.#oldest;
    for (let offset = 0; offset < end; offset += lengthAt(bytes, offset)) {
      const [from, to] = idIn(bytes, offset);
      this.#index.remove(keyedHash(bytes.buffer, from, to), slot * CHUNK_BYTES + offset);
    }
    this.#chunks[slot] = undefined;
    if (this.#spare.length < MAX_SPARE_CHUNKS) this.#spare.push(bytes.buffer);
    if (this.#unlogged.slot === slot) this.#unlogged = next!;
    this.#oldest = next!;
  }
}

interface Chunk {
  readonly slot: number;
  readonly bytes: Bytes;
  /** Where the next record goes. */
  end: number;
  /** What is before it is in the log. */
  loggedEnd: number;
  /** When the latest of its operations was counted. */
  lastAt: number;
  next: Chunk | undefined;
}
