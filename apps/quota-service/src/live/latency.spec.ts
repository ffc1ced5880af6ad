import { describe, expect, it } from '@jest/globals';
import { durationsSince, quantileMs } from './latency.js';

const buckets = (...counts: readonly number[]) =>
  [0.001, 0.01, 0.1, Infinity].map((atMost, index) => ({ atMost, count: counts[index]! }));

describe('the latency of the last second', () => {
  it('is estimated within the bucket that has the share', () => {
    expect(quantileMs(0.5, buckets(100, 100, 100, 100))).toBeCloseTo(0.5);
    expect(quantileMs(0.5, buckets(0, 100, 100, 100))).toBeCloseTo(5.5);
    expect(quantileMs(0.99, buckets(90, 98, 100, 100))).toBeCloseTo(55);
  });

  it('is the last finite bound where checks took longer, and nothing where there were none', () => {
    expect(quantileMs(0.99, buckets(0, 0, 0, 10))).toBe(100);
    expect(quantileMs(0.99, buckets(0, 0, 0, 0))).toBeUndefined();
  });

  it('looks at what came since the last look alone', () => {
    expect(durationsSince(buckets(1, 2, 3, 4), buckets(1, 5, 6, 8))).toEqual(buckets(0, 3, 3, 4));
    expect(durationsSince([], buckets(1, 2, 3, 4))).toEqual(buckets(1, 2, 3, 4));
  });
});
