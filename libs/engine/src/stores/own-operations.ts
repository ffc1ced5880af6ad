import { REMEMBER_MS } from './store.js';

const CHUNK_SIZE = 16_384;
/** Of these, the oldest is forgotten early: a million operations in 16 MB. */
const MAX_CHUNKS = 64;

/** What is kept of an operation under an id that this process made. */
export interface OwnOperation {
  readonly fingerprint: number;
  /** An instant that lies in every window it was counted in. */
  readonly at: number;
}

/**
 * Operations by the number of their id (`own-ids.ts`), each for `REMEMBER_MS` at least. A check without an id of its
 * caller leaves one here, and nearly none is ever asked for again: so they are numbers in arrays, where a map of
 * objects would cost more than counting does.
 */
export class OwnOperations {
  /** The oldest first. */
  readonly #chunks = new Map<number, Chunk>();
  #latest: Chunk | undefined;

  note(number: number, { fingerprint, at }: OwnOperation, now: number): void {
    const index = Math.floor(number / CHUNK_SIZE);
    const chunk = this.#latest?.index === index ? this.#latest : this.#open(index);
    const place = number % CHUNK_SIZE;
    chunk.fingerprints[place] = fingerprint;
    chunk.instants[place] = at;
    chunk.notedAt = now;
  }

  get(number: number): OwnOperation | undefined {
    const chunk = this.#chunks.get(Math.floor(number / CHUNK_SIZE));
    return chunk && chunk.at(number % CHUNK_SIZE);
  }

  *entries(): Generator<[number, OwnOperation]> {
    for (const chunk of [...this.#chunks.values()]) {
      for (let place = 0; place < CHUNK_SIZE; place++) {
        const operation = chunk.at(place);
        if (operation) yield [chunk.index * CHUNK_SIZE + place, operation];
      }
    }
  }

  /** Forgets what need not be remembered any more. */
  sweep(now: number): void {
    for (const { index, notedAt } of this.#chunks.values()) {
      if (now - notedAt >= REMEMBER_MS) this.#drop(index);
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
  readonly fingerprints = new Float64Array(CHUNK_SIZE);
  /** NaN where there is no operation. */
  readonly instants = new Float64Array(CHUNK_SIZE).fill(NaN);
  notedAt = 0;

  constructor(readonly index: number) {}

  at(place: number): OwnOperation | undefined {
    const at = this.instants[place]!;
    return Number.isNaN(at) ? undefined : { fingerprint: this.fingerprints[place]!, at };
  }
}
