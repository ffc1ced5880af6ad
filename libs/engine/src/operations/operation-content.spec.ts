import { describe, expect, it } from '@jest/globals';
import { NAME_PATTERN } from '@sundial/contract';
import fc from 'fast-check';
import { decodeContent, encodeContent } from './operation-content.js';

const anyUnits = fc.oneof(fc.nat({ max: 40 }), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
const anyMeter = fc.oneof(
  fc.stringMatching(NAME_PATTERN, { size: 'max' }),
  fc.constantFrom('constructor', 'toString', 'a', 'a-b', 'a.b', 'A', '0'),
);

describe('the content of an operation', () => {
  it('is its units alone where it takes of no other meter', () => {
    expect(encodeContent({ amount: 1 })).toBe('1');
    expect(encodeContent({ amount: 36 }, 'hash')).toBe('10~hash');
  });

  it('names other meters in one order, whatever the caller’s is, and leaves out those of which it takes 0', () => {
    const content = '1+cny_micros=u+tokens=xc';
    expect(encodeContent({ amount: 1, amounts: { tokens: 1200, cny_micros: 30, none: 0 } })).toBe(content);
    expect(encodeContent({ amount: 1, amounts: { cny_micros: 30, tokens: 1200 } })).toBe(content);
  });

  it('can be read back exactly, and differs where any amount does', () => {
    fc.assert(
      fc.property(
        anyUnits,
        fc.dictionary(anyMeter, anyUnits, { maxKeys: 8 }),
        fc.option(fc.constant('aB3-_9aB3-_9'), { nil: undefined }),
        (amount, named, hash) => {
          const content = encodeContent({ amount, amounts: named }, hash);
          const taken = Object.entries(named).filter(([, units]) => units > 0);
          const { amount: units, amounts = {} } = decodeContent(content);
          expect(units).toBe(amount);
          expect(Object.entries(amounts).sort()).toEqual(taken.sort());
          expect(content).toMatch(/^[!-~]+$/);
          expect(content).not.toMatch(/[;,!]/);
        },
      ),
    );
  });
});
