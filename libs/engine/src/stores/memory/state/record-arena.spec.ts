import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { offsetOf, RecordArena } from './record-arena.js';

const CHUNK_BYTES = 256 * 1024;

describe('RecordArena', () => {
  it('gives blocks that do not overlap, whatever sizes come and go', () => {
    const anyStep = fc.oneof(
      { weight: 3, arbitrary: fc.record({ words: fc.integer({ min: 2, max: 9_000 }) }) },
      { weight: 2, arbitrary: fc.record({ freed: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 300, size: 'max' }), (steps) => {
        const arena = new RecordArena();
        const blocks: { at: number; words: number; mark: number }[] = [];
        for (const [mark, step] of steps.entries()) {
          if ('words' in step) {
            const at = arena.allocate(step.words);
            arena.chunkOf(at).words.fill(mark, offsetOf(at) + 1, offsetOf(at) + step.words);
            blocks.push({ at, words: step.words, mark });
          } else if (blocks.length > 0) arena.free(blocks.splice(step.freed % blocks.length, 1)[0]!.at);
        }
        for (const { at, words, mark } of blocks) {
          const held = arena.chunkOf(at).words.subarray(offsetOf(at) + 1, offsetOf(at) + words);
          expect(held.every((word) => word === mark)).toBe(true);
        }
        const inUse = [...arena.inUse()].filter((at) => at !== undefined);
        expect(inUse.sort((a, b) => a - b)).toEqual(blocks.map(({ at }) => at).sort((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });

  it('takes no more memory the more often records come and go, also when their sizes change', () => {
    const arena = new RecordArena();
    let most = 0;
    for (let round = 0; round < 60; round++) {
      const blocks = Array.from({ length: 20_000 }, () => arena.allocate(10 + 2 * (round % 12)));
      if (round < 12) most = Math.max(most, arena.bytes);
      else expect(arena.bytes).toBeLessThanOrEqual(most);
      for (const at of blocks) arena.free(at);
    }
    // Of the largest size alone it is 5 MB; of each size one chunk stays.
    expect(most).toBeLessThan(20_000 * 32 * 8 + 13 * CHUNK_BYTES);
  });

  it('finds at a place what was there, and nothing that took its room', () => {
    const arena = new RecordArena();
    const at = arena.allocate(20);
    const place = arena.placeOf(at);
    expect(place.addressIn(arena)).toBe(at);
    expect(place.addressIn(new RecordArena())).toBeUndefined();
    arena.free(at);
    expect(place.addressIn(arena)).toBeUndefined();
    expect(arena.allocate(20)).toBe(at);
    expect(place.addressIn(arena)).toBeUndefined();
    expect(JSON.stringify(place)).toBe('{}');
  });

  it('finds nothing at a place whose chunk has taken another size', () => {
    const arena = new RecordArena();
    const blocks = Array.from({ length: 4_000 }, () => arena.allocate(20));
    const at = blocks[1]!;
    const place = arena.placeOf(at);
    const { slot, words } = arena.chunkOf(at);
    const use = words[offsetOf(at)]!;
    for (const each of blocks) arena.free(each);
    for (let n = 0; n < 10_000; n++) {
      const taken = arena.allocate(16);
      arena.chunkOf(taken).words.fill(use, offsetOf(taken) + 1, offsetOf(taken) + 16);
    }
    expect(arena.chunkOf(at)).toMatchObject({ slot, blockWords: 16 });
    expect(words[offsetOf(at)]).toBe(use);
    expect([place.addressIn(arena), arena.isInUse(at)]).toEqual([undefined, false]);
  });

  it('refuses a record that no chunk can hold', () => {
    expect(() => new RecordArena().allocate(32_769)).toThrow('a record has at most 262144 bytes');
  });
});
