import { describe, expect, it } from '@jest/globals';
import { interleaved, median, percentile } from './statistics.js';

describe('percentile', () => {
  it('is a value that was measured, by nearest rank', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => 1_000 - index);
    expect([50, 99, 99.9, 100].map((percent) => percentile(values, percent))).toEqual([500, 990, 999, 1_000]);
    expect(median([3, 1, 2])).toBe(2);
  });

  it('does not exist where nothing was measured', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('interleaved', () => {
  it('measures every competitor once a round, in turn', async () => {
    const order: string[] = [];
    const measure = (name: string) => async () => order.push(name);
    const results = await interleaved(2, { a: measure('a'), b: measure('b') });
    expect(order).toEqual(['a', 'b', 'a', 'b']);
    expect(results).toEqual({ a: [1, 3], b: [2, 4] });
  });
});
