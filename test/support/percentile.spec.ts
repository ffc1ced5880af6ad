import { describe, expect, it } from '@jest/globals';
import { median, percentile } from './percentile.js';

describe('percentile', () => {
  it('is a value that was measured, by nearest rank', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => 1_000 - index);
    expect([50, 99, 99.9, 100].map((percent) => percentile(values, percent))).toEqual([500, 990, 999, 1_000]);
    expect(percentile([7], 99)).toBe(7);
    expect(median([3, 1, 2])).toBe(2);
  });

  it('does not exist where nothing was measured', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
    expect(() => median([])).toThrow(RangeError);
  });
});
