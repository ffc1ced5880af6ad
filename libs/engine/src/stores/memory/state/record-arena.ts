import { offHeap } from './off-heap.js';

/** 256 KiB. */
const CHUNK_WORDS = 32_768;
const OFFSET_BITS = 15;
const OFFSET_MASK = CHUNK_WORDS - 1;
/** An address is below 2^32: 32 GiB. */
const MAX_CHUNKS = 131_071;
/** Chunks kept to be filled again when all of their blocks are free. */
const MAX_SPARE_CHUNKS = 64;
const FREE = 0;
const FREE_STRETCH = 16;
const NONE = -1;

/**
 * Blocks of words (8 bytes) outside the heap, for records that come and go by the million. A block's address is a
 * number; it stays where it is until it is freed. The first word of a block is the arena's: the number of this use of it,
 * 0 while it is free.
 *
 * All blocks of a chunk have one size, the smallest that fits of about 200, so that a freed block is used again by the
 * next record of about its length. A chunk whose blocks are all free takes another size. Nothing is ever moved, and
 * nothing that grows is copied: memory is added a chunk at a time.
 */
export class RecordArena {
  /** By the upper part of an address. */
  readonly #chunks: (Chunk | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #spare: SharedArrayBuffer[] = [];
  /** By the size of their blocks: the chunks that have a free one. */
  readonly #open = new Map<number, Chunk[]>();
  #uses = 0;

  /** Memory that is taken up. */
  get bytes(): number {
    return (this.#chunks.length - this.#freeSlots.length + this.#spare.length) * CHUNK_WORDS * 8;
  }

  /** The address of a block of at least so many words. What is in it but the first is left over. */
  allocate(words: number): number {
    const open = this.#openFor(blockWordsFor(words));
    const chunk = open.at(-1) ?? this.#begin(blockWordsFor(words), open);
    const offset = chunk.take();
    if (!chunk.hasFree) {
      chunk.isOpen = false;
      open.pop();
    }
    chunk.words[offset] = ++this.#uses;
    return chunk.slot * CHUNK_WORDS + offset;
  }

  free(at: number): void {
    const chunk = this.chunkOf(at);
    const open = this.#openFor(chunk.blockWords);
    chunk.put(offsetOf(at));
    if (!chunk.isOpen) {
      chunk.isOpen = true;
      open.push(chunk);
    }
    // One stays, so that a single record that comes and goes does not begin a chunk each time.
    if (chunk.live === 0 && open.length > 1) this.#release(chunk, open);
  }

  chunkOf(at: number): Chunk {
    return this.#chunks[at >>> OFFSET_BITS]!;
  }

  /** Whether a block that is in use begins at this address, which was one once. */
  isInUse(at: number): boolean {
    const chunk = this.#chunks[at >>> OFFSET_BITS];
    return chunk !== undefined && chunk.isInUse(offsetOf(at));
  }

  /** What is at this address now. */
  placeOf(at: number): Place {
    return new Place(this.chunkOf(at), at);
  }

  /**
   * The addresses of the blocks in use, and undefined for each stretch of free ones, so that no step is long. Of blocks
   * that are allocated meanwhile it may miss some. From an address on, also where no block begins there any more.
   */
  *inUse(from = 0): Generator<number | undefined> {
    const first = from >>> OFFSET_BITS;
    for (let slot = first; slot < this.#chunks.length; slot++) {
      const skipped = slot === first ? offsetOf(from) : 0;
      for (let n = Math.ceil(skipped / (this.#chunks[slot]?.blockWords ?? 1)); ; n++) {
        // Another chunk may have taken the slot since the last was yielded.
        const chunk = this.#chunks[slot];
        const offset = n * (chunk?.blockWords ?? 0);
        if (chunk === undefined || offset >= chunk.end) break;
        if (chunk.words[offset] !== FREE) yield slot * CHUNK_WORDS + offset;
        else if (n % FREE_STRETCH === 0) yield undefined;
      }
    }
  }

  #openFor(blockWords: number): Chunk[] {
    let open = this.#open.get(blockWords);
    if (open === undefined) this.#open.set(blockWords, (open = []));
    return open;
  }

  #begin(blockWords: number, open: Chunk[]): Chunk {
    const slot = this.#freeSlots.pop() ?? this.#chunks.length;
    if (slot >= MAX_CHUNKS) throw new RangeError('the counters of the embedded store fill 32 GiB');
    const chunk = new Chunk(this, { slot, blockWords }, this.#spare.pop() ?? offHeap(CHUNK_WORDS * 8));
    this.#chunks[slot] = chunk;
    open.push(chunk);
    return chunk;
  }

  #release(chunk: Chunk, open: Chunk[]): void {
    open.splice(open.indexOf(chunk), 1);
    this.#chunks[chunk.slot] = undefined;
    this.#freeSlots.push(chunk.slot);
    if (this.#spare.length < MAX_SPARE_CHUNKS) this.#spare.push(chunk.memory);
    chunk.arena = undefined;
  }
}

/** Where an address lies in its chunk's words. */
export function offsetOf(at: number): number {
  return at & OFFSET_MASK;
}

/**
 * What was at an address, to be found again without a look-up as long as it is there. Its fields are private, since code
 * that prints or compares what holds a place means none of the memory behind it.
 */
export class Place {
  readonly #chunk: Chunk;
  readonly #at: number;
  readonly #use: number;

  constructor(chunk: Chunk, at: number) {
    this.#chunk = chunk;
    this.#at = at;
    this.#use = chunk.words[offsetOf(at)]!;
  }

  /** The address, while the same is there; undefined for another arena than the place's own. */
  addressIn(arena: RecordArena): number | undefined {
    const chunk = this.#chunk;
    return chunk.arena === arena && chunk.words[offsetOf(this.#at)] === this.#use ? this.#at : undefined;
  }
}

export class Chunk {
  readonly slot: number;
  readonly blockWords: number;
  /** The same memory three times. */
  readonly words: Float64Array;
  readonly halves: Uint32Array;
  readonly bytes: Uint8Array;
  /** Undefined when it is released. */
  arena: RecordArena | undefined;
  /** Where the blocks end that were ever in use. */
  end = 0;
  live = 0;
  isOpen = true;
  /** The first of the freed blocks; each has the offset of the next in its second word. */
  #freed = NONE;

  constructor(
    arena: RecordArena,
    { slot, blockWords }: { readonly slot: number; readonly blockWords: number },
    readonly memory: SharedArrayBuffer,
  ) {
    this.arena = arena;
    this.slot = slot;
    this.blockWords = blockWords;
    this.words = new Float64Array(memory);
    this.halves = new Uint32Array(memory);
    this.bytes = new Uint8Array(memory);
  }

  get hasFree(): boolean {
    return this.#freed !== NONE || this.end + this.blockWords <= CHUNK_WORDS;
  }

  isInUse(offset: number): boolean {
    return offset % this.blockWords === 0 && offset < this.end && this.words[offset] !== FREE;
  }

  take(): number {
    const offset = this.#freed === NONE ? this.end : this.#freed;
    if (offset === this.end) this.end += this.blockWords;
    else this.#freed = this.words[offset + 1]!;
    this.live++;
    return offset;
  }

  put(offset: number): void {
    this.words[offset] = FREE;
    this.words[offset + 1] = this.#freed;
    this.#freed = offset;
    this.live--;
  }
}

/** In steps of at most an eighth, or of 16 bytes: few sizes for many records each, and little left over in a block. */
function blockWordsFor(words: number): number {
  if (words > CHUNK_WORDS) throw new RangeError(`a record has at most ${CHUNK_WORDS * 8} bytes`);
  const step = words <= 64 ? 2 : words <= 512 ? 16 : 256;
  return Math.ceil(words / step) * step;
}
