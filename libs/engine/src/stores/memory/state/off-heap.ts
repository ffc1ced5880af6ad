/**
 * Memory for what is kept by the million. A shared buffer, though no other thread has it: V8 takes every other buffer
 * for pressure on its heap, and collects all of that for each 64 MB of them (a second for a million counters).
 */
export function offHeap(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}
