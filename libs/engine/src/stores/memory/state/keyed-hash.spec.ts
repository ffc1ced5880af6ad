import { describe, expect, it } from '@jest/globals';
import { keyedHash } from './keyed-hash.js';

describe('keyedHash', () => {
  it('depends on every byte, on their order and on their number, and on nothing around them', () => {
    const texts = [
      '',
      '\0',
      '\0\0',
      'a',
      'b',
      'ab',
      'ba',
      'abc',
      'abcd',
      'abcd\0',
      'abcde',
      'abcdefgh',
      'bbcdefgh',
    ];
    const hashes = texts.map((text) => keyedHash(Buffer.from(text), 0, text.length));
    expect(new Set(hashes).size).toBe(texts.length);
    expect(keyedHash(Buffer.from('xxabcdeyy'), 2, 7)).toBe(keyedHash(Buffer.from('abcde'), 0, 5));
  });

  it('spreads names that are nearly the same', () => {
    const buckets = new Uint32Array(256);
    for (let i = 0; i < 256_000; i++) {
      const name = Buffer.from(`order-${i}`);
      buckets[keyedHash(name, 0, name.length) % 256]!++;
    }
    // A thousand each, and a deviation of 32: six of them.
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });
});
