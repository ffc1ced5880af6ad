import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ShortTexts } from './short-texts.js';

describe('ShortTexts', () => {
  it('keep what fits as it is, and say of all else that they do not', () => {
    const texts = new ShortTexts(4);
    const known = new Map<number, string>();
    const text = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 100 }),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.nat(3), text, (place, value) => {
        const fits = value.length <= 95 && Buffer.byteLength(value) === value.length;
        expect(texts.set(place, value)).toBe(fits);
        known.set(place, fits ? value : '');
        for (const [at, expected] of known) expect(texts.get(at)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
