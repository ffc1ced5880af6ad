import { describe, expect, it } from '@jest/globals';
import { textHash } from './text-hash.js';

describe('textHash', () => {
  it('is another whole number of 53 bits for each of many keys that differ in little', () => {
    const keys = Array.from({ length: 200_000 }, (_, n) => `sd1:{ocr:user=u${n}}:ocr-per-user~k3Xa`);
    const prefixes = Array.from({ length: 64 }, (_, length) => 'x'.repeat(length));
    const hashes = [...keys, ...prefixes].map(textHash);
    expect(hashes.every((hash) => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(textHash(keys[7]!)).toBe(hashes[7]);
  });

  it('spreads keys evenly over places by its lower and its upper bits', () => {
    const counts = [new Uint32Array(64), new Uint32Array(64)];
    for (let n = 0; n < 64_000; n++) {
      const hash = textHash(`u${n}`);
      counts[0]![hash & 63]!++;
      counts[1]![Math.floor(hash / 2 ** 47)]!++;
    }
    // 1,000 expected; the standard deviation is 32.
    for (const count of counts)
      expect([Math.min(...count) > 800, Math.max(...count) < 1_200]).toEqual([true, true]);
  });
});
