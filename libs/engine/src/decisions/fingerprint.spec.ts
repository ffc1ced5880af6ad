import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fingerprint } from './fingerprint.js';

describe('fingerprint', () => {
  it('is a whole number that a double holds exactly, and the same for the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(Number.isSafeInteger(fingerprint([text]))).toBe(true);
        expect(fingerprint([text])).toBeGreaterThanOrEqual(0);
        expect(fingerprint([`${text}`])).toBe(fingerprint([text]));
      }),
    );
  });

  it('is of the text that the words make, wherever they are parted', () => {
    const anyWord = fc.string({ unit: fc.constantFrom('a', '1', ' ', '\ud800'), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(anyWord), (words) => {
        expect(fingerprint(words)).toBe(fingerprint([words.join(' ')]));
      }),
    );
  });

  it('differs between texts that resemble each other: 40 000 of them', () => {
    const texts = new Set<string>();
    for (let i = 0; i < 10_000; i++) {
      texts.add(`ocr 1 user 5 u${i}`).add(`ocr ${i} user 2 u1`);
      texts.add(`ocr 1 grade 1 ${i % 10} user 6 u${i}`).add(`asr 1 user 5 u${i}`);
    }
    expect(new Set([...texts].map((text) => fingerprint([text]))).size).toBe(texts.size);
  });

  it('differs between lone surrogates, which are the same character in UTF-8', () => {
    const texts = ['\ud800', '\ud801', '\udc00', '\ufffd', '\ud800\ud800'];
    expect(new Set(texts.map((text) => fingerprint([text]))).size).toBe(texts.length);
  });

  it('keeps its value for ever, since Redis holds it while nodes of several versions run', () => {
    expect([fingerprint(['']), fingerprint(['ocr 1 user 2 u1'])]).toMatchInlineSnapshot(`
      [
        2271358470681680,
        2873987260551898,
      ]
    `);
  });
});
