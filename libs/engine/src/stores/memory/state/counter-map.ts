import type { MemoryCounter } from './memory-counter.js';

/** A map of a million entries stops the process for 200 ms when it grows; one of these holds a 256th of them. */
const PARTITIONS = 256;

/** Counters by key, in maps that grow one at a time. */
export class CounterMap {
  readonly #partitions = Array.from({ length: PARTITIONS }, () => new Map<string, MemoryCounter>());
  size = 0;

  get(key: string): MemoryCounter | undefined {
    return this.#partitions[partitionOf(key)]!.get(key);
  }

  /** Adds a counter whose key is new. */
  add(counter: MemoryCounter): void {
    this.#partitions[partitionOf(counter.key)]!.set(counter.key, counter);
    this.size++;
  }

  delete(key: string): void {
    if (this.#partitions[partitionOf(key)]!.delete(key)) this.size--;
  }

  *values(): Generator<MemoryCounter> {
    for (const partition of this.#partitions) yield* partition.values();
  }
}

/** Where keys that differ are mostly apart; if a caller makes them meet, only the growth of one map is slower. */
function partitionOf(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (PARTITIONS - 1);
}
