import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_JSON_DEPTH, MAX_JSON_FIELDS, MAX_JSON_VALUES } from '../bounds.js';
import { sizeMessage } from './json-size.js';

/** Longer than what is not worth a look. */
const padded = (json: string) => Buffer.from(json + ' '.repeat(40_000));
const objectOf = (fields: number) => `{${Array.from({ length: fields }, (_, i) => `"k${i}":1`).join()}}`;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('the size of JSON text', () => {
  it('counts the fields of each object, not of all', () => {
    const full = objectOf(MAX_JSON_FIELDS);
    expect(sizeMessage(padded(`[${full},${full}]`))).toBeUndefined();
    expect(sizeMessage(padded(`{"a":[${objectOf(MAX_JSON_FIELDS + 1)}]}`))).toMatch(/1000 fields/);
  });

  it('counts all values', () => {
    expect(sizeMessage(padded(`[${'1,'.repeat(MAX_JSON_VALUES - 1)}1]`))).toBeUndefined();
    expect(sizeMessage(padded(`[${'1,'.repeat(MAX_JSON_VALUES)}1]`))).toMatch(/32768 values/);
    expect(sizeMessage(padded(`[${'{},'.repeat(MAX_JSON_VALUES / 2)}{}]`))).toMatch(/values/);
  });

  it('finds what is too deep', () => {
    expect(sizeMessage(padded(nested(MAX_JSON_DEPTH)))).toBeUndefined();
    expect(sizeMessage(padded(nested(MAX_JSON_DEPTH + 2)))).toMatch(/deeper/);
  });

  it('reads no structure in strings, whatever they escape', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 20 }), (texts) => {
        const odd = [...texts, '\\', '"', '\\"[[{{::,,'.repeat(MAX_JSON_VALUES / 4)];
        expect(sizeMessage(padded(JSON.stringify(odd)))).toBeUndefined();
        expect(sizeMessage(padded(`[${JSON.stringify(odd)},${nested(40)}]`))).toMatch(/deeper/);
      }),
      { numRuns: 50 },
    );
  });

  it('says nothing of small texts, and comes to an end on what is no JSON', () => {
    expect(sizeMessage(Buffer.from(nested(10_000)))).toBeUndefined();
    expect(sizeMessage(padded(']'.repeat(50_000)))).toBeUndefined();
    expect(sizeMessage(Buffer.from(`"${'\\'.repeat(50_001)}`))).toBeUndefined();
  });
});
