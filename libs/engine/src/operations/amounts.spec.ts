import { describe, expect, it } from '@jest/globals';
import {
  amountOf,
  areAmountsEqual,
  copyOfAmounts,
  differenceOfAmounts,
  sumOfAmounts,
  takesNothing,
} from './amounts.js';

const MAX = Number.MAX_SAFE_INTEGER;

describe('what a limit takes', () => {
  it('is the amount where it counts units, whatever else is taken', () => {
    expect(amountOf({ field: 'd' }, 3, { units: 9, tokens: 5 })).toBe(3);
    expect(amountOf({ field: '(quarter)' }, 3, undefined)).toBe(3);
  });

  it('is what is named of its meter, else nothing', () => {
    const tokens = { field: '(day|tokens)', meter: 'tokens' };
    expect(amountOf(tokens, 3, { tokens: 5 })).toBe(5);
    expect(amountOf(tokens, 3, { pages: 5 })).toBe(0);
    expect(amountOf(tokens, 3, undefined)).toBe(0);
    for (const meter of ['constructor', 'toString', 'valueOf'])
      expect(amountOf({ field: `(day|${meter})`, meter }, 3, {})).toBe(0);
  });

  it('is nothing where only reservations take', () => {
    expect(amountOf({ field: '(concurrent)' }, 3, undefined)).toBe(0);
  });
});

describe('amounts of meters', () => {
  it('take nothing where each is 0', () => {
    expect(takesNothing({ amount: 0 })).toBe(true);
    expect(takesNothing({ amount: 0, amounts: {} })).toBe(true);
    expect(takesNothing({ amount: 0, amounts: { tokens: 0 } })).toBe(true);
    expect(takesNothing({ amount: 0, amounts: { tokens: 0, pages: 1 } })).toBe(false);
    expect(takesNothing({ amount: 1, amounts: { tokens: 0 } })).toBe(false);
  });

  it('are copied without those of which nothing is taken', () => {
    const amounts = { tokens: 5, pages: 0 };
    const copy = copyOfAmounts(amounts);
    amounts.tokens = 9;
    expect(copy).toEqual({ tokens: 5 });
    expect(copyOfAmounts({ pages: 0 })).toBeUndefined();
    expect(copyOfAmounts(undefined)).toBeUndefined();
  });

  it('add up to 2^53−1 at most, and never to less than nothing', () => {
    expect(sumOfAmounts({ tokens: 5 }, { tokens: 6, pages: 1 })).toEqual({ tokens: 11, pages: 1 });
    expect(sumOfAmounts({ tokens: MAX }, { tokens: MAX })).toEqual({ tokens: MAX });
    expect(sumOfAmounts(undefined, { tokens: 1 })).toEqual({ tokens: 1 });
    expect(sumOfAmounts(undefined, undefined)).toBeUndefined();
    expect(differenceOfAmounts({ tokens: 5, pages: 1 }, { tokens: 2, pages: 1 })).toEqual({ tokens: 3 });
    expect(differenceOfAmounts({ tokens: 5 }, { tokens: 6, other: 1 })).toBeUndefined();
    expect(differenceOfAmounts({ tokens: 5 }, undefined)).toEqual({ tokens: 5 });
    expect(differenceOfAmounts(undefined, { tokens: 1 })).toBeUndefined();
  });

  it('are equal whatever their order', () => {
    expect(areAmountsEqual({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
    expect(areAmountsEqual(undefined, undefined)).toBe(true);
    expect(areAmountsEqual({ a: 1 }, { a: 2 })).toBe(false);
    expect(areAmountsEqual({ a: 1 }, { b: 1 })).toBe(false);
    expect(areAmountsEqual({ a: 1 }, { a: 1, b: 0 })).toBe(false);
    expect(areAmountsEqual({ a: 1 }, undefined)).toBe(false);
    expect(areAmountsEqual({ constructor: 1 }, { toString: 1 } as never)).toBe(false);
  });
});
