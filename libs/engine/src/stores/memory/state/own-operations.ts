import { REMEMBER_MS } from '../../take.js';
import { HASH_LENGTH } from '../../../operations/operation-ids.js';
import { offHeap } from './off-heap.js';
import type { MemoryOperation } from './operation-record.js';

const CHUNK_SIZE = 16_384;
/** Of these, the oldest is forgotten early: 16 million operations in 256 MB. */
const MAX_CHUNKS = 1_024;

/** What is kept of an operation under an id that this process made. */
export type OwnOperation = Pick<MemoryOperation, 'content' | 'at' | 'countedAt'>;

/**
 * Operations by the number of their id (`own-ids.ts`), each for `REMEMBER_MS` at least. A check without an id of its
 * caller leaves one here, and nearly none is ever asked for again: so they are numbers in arrays, where a map of
 * objects would cost more than counting does.
 */
export class OwnOperations {
  /** The oldest first. */
  readonly #chunks = new Map<number, Chunk>();
  #latest: Chunk | undefined;
  /** The lowest number that the log may lack. */
  #unloggedFrom = 0;

  note(number: number, { content, at, countedAt }: OwnOperation): void {
    const index = Math.floor(number / CHUNK_SIZE);
    const chunk = this.#latest?.index === index ? this.#latest : this.#open(index);
    const place = number % CHUNK_SIZE;
    chunk.contents.set(place, content);
    chunk.instants[place] = at;
    chunk.countedAt = countedAt;
    chunk.end = Math.max(chunk.end, place + 1);
    if (number < this.#unloggedFrom) this.#unloggedFrom = number;
  }

  /** With about when it was counted: a little later, so that nothing is forgotten too early. */
  get(number: number): OwnOperation | undefined {
    return this.#chunks.get(Math.floor(number / CHUNK_SIZE))?.at(number % CHUNK_SIZE);
  }

  /** Operations that were noted since the last call, the oldest first, so many at most. */
  takeUnlogged(limit: number): readonly (readonly [number: number, operation: OwnOperation])[] {
    const taken: [number, OwnOperation][] = [];
    for (const chunk of this.#chunks.values()) {
      const first = chunk.index * CHUNK_SIZE;
      for (let place = Math.max(0, this.#unloggedFrom - first); place < chunk.end; place++) {
        if (taken.length === limit) return taken;
        const operation = chunk.at(place);
        if (operation) taken.push([first + place, operation]);
        this.#unloggedFrom = first + place + 1;
      }
    }
    return taken;
  }

  /** Forgets what need not be remembered any more. */
  sweep(now: number): void {
    for (const { index, countedAt } of this.#chunks.values()) {
      if (now - countedAt >= REMEMBER_MS) this.#drop(index);
    }
  }

  #open(index: number): Chunk {
    let chunk = this.#chunks.get(index);
    if (chunk === undefined) {
      this.#chunks.set(index, (chunk = new Chunk(index)));
      if (this.#chunks.size > MAX_CHUNKS) this.#drop(this.#chunks.keys().next().value!);
    }
    return (this.#latest = chunk);
  }

  #drop(index: number): void {
    this.#chunks.delete(index);
    if (this.#latest?.index === index) this.#latest = undefined;
  }
}

class Chunk {
  readonly contents = new Contents();
  /** NaN where there is no operation. */
  readonly instants = new Float64Array(offHeap(CHUNK_SIZE * Float64Array.BYTES_PER_ELEMENT)).fill(NaN);
  /** The latest of them. */
  countedAt = 0;
  /** Behind the last operation. */
  end = 0;

  constructor(readonly index: number) {}

  at(place: number): OwnOperation | undefined {
    const at = this.instants[place]!;
    if (Number.isNaN(at)) return undefined;
    return { content: this.contents.at(place), at, countedAt: this.countedAt };
  }
}

/** Units to the base 36, and of some a hash behind a tilde: numbers, and room for hashes from the first of them on. */
class Contents {
  readonly #units = new Float64Array(offHeap(CHUNK_SIZE * Float64Array.BYTES_PER_ELEMENT));
  #hashes: Buffer | undefined;

  set(place: number, content: string): void {
    this.#units[place] = content === '1' ? 1 : parseInt(content, 36);
    const mark = content.indexOf('~');
    if (mark < 0) return;
    this.#hashes ??= Buffer.from(offHeap(CHUNK_SIZE * HASH_LENGTH));
    this.#hashes.write(content.slice(mark + 1), place * HASH_LENGTH, HASH_LENGTH, 'latin1');
  }

  at(place: number): string {
    const units = this.#units[place]!.toString(36);
    const from = place * HASH_LENGTH;
    if (this.#hashes === undefined || this.#hashes[from] === 0) return units;
    return `${units}~${this.#hashes.toString('latin1', from, from + HASH_LENGTH)}`;
  }
}
