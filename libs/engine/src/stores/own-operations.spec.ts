import { describe, expect, it } from '@jest/globals';
import { OwnOperations } from './own-operations.js';
import { REMEMBER_MS } from './store.js';

const NOW = 1_000_000;
const noted = (number: number) => ({ fingerprint: number + 0.5, at: -number });

describe('OwnOperations', () => {
  it('know an operation by its number, and no other', () => {
    const operations = new OwnOperations();
    for (const number of [0, 3, 16_383, 16_384, 5_000_000]) operations.note(number, noted(number), NOW);
    for (const number of [0, 3, 16_383, 16_384, 5_000_000])
      expect(operations.get(number)).toEqual(noted(number));
    for (const number of [1, 16_385, 4_999_999, 9e15]) expect(operations.get(number)).toBeUndefined();
    expect([...operations.entries()].map(([number]) => number)).toEqual([0, 3, 16_383, 16_384, 5_000_000]);
  });

  it('remember for the promised time at least, and not for ever', () => {
    const operations = new OwnOperations();
    operations.note(1, noted(1), NOW);
    operations.sweep(NOW + REMEMBER_MS - 1);
    expect(operations.get(1)).toEqual(noted(1));
    operations.sweep(NOW + REMEMBER_MS);
    expect(operations.get(1)).toBeUndefined();
    operations.note(1, noted(2), NOW);
    expect(operations.get(1)).toEqual(noted(2));
  });

  it('are bounded: the oldest are forgotten early', () => {
    const operations = new OwnOperations();
    for (let number = 0; number < 1_100_000; number += 100) operations.note(number, noted(number), NOW);
    expect(operations.get(0)).toBeUndefined();
    expect(operations.get(1_099_900)).toEqual(noted(1_099_900));
    expect([...operations.entries()].length).toBeLessThanOrEqual(1_048_576 / 100);
  });
});
