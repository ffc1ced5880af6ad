import { describe, expect, it } from '@jest/globals';
import { REMEMBER_MS } from '../../take.js';
import { OwnOperations } from './own-operations.js';

const NOW = 1_000_000;
const noted = (number: number, countedAt = NOW) => ({ content: contentOf(number), at: -number, countedAt });

/** Of amounts alone, and of amounts with the hash of other attributes. */
const contentOf = (number: number) =>
  number % 3 === 0 ? `${number.toString(36)}~hash-of-${1000 + (number % 1000)}` : number.toString(36);

describe('OwnOperations', () => {
  it('know an operation by its number, and no other', () => {
    const operations = new OwnOperations();
    for (const number of [0, 3, 16_383, 16_384, 5_000_000]) operations.note(number, noted(number));
    for (const number of [0, 3, 16_383, 16_384, 5_000_000])
      expect(operations.get(number)).toEqual(noted(number));
    for (const number of [1, 16_385, 4_999_999, 9e15]) expect(operations.get(number)).toBeUndefined();
  });

  it('remember for the promised time at least, and not for ever', () => {
    const operations = new OwnOperations();
    operations.note(1, noted(1));
    operations.sweep(NOW + REMEMBER_MS - 1);
    expect(operations.get(1)).toEqual(noted(1));
    operations.sweep(NOW + REMEMBER_MS);
    expect(operations.get(1)).toBeUndefined();
    operations.note(1, noted(2));
    expect(operations.get(1)).toEqual(noted(2));
  });

  it('are bounded: the oldest are forgotten early', () => {
    const operations = new OwnOperations();
    // One in each chunk, and more chunks than there may be.
    for (let number = 0; number <= 1_024 * 16_384; number += 16_384) operations.note(number, noted(number));
    expect(operations.get(0)).toBeUndefined();
    expect(operations.get(16_384)).toBeDefined();
    expect(operations.get(1_024 * 16_384)).toBeDefined();
  });

  it('give each to the log once, the oldest first, however many are asked for', () => {
    const operations = new OwnOperations();
    const numbers = [5, 6, 9, 16_384, 16_390, 40_000];
    for (const number of numbers.slice(0, 5)) operations.note(number, noted(number));
    const taken = [...operations.takeUnlogged(2), ...operations.takeUnlogged(2)];
    operations.note(40_000, noted(40_000));
    taken.push(...operations.takeUnlogged(10));
    expect(taken).toEqual(numbers.map((number) => [number, noted(number)]));
    expect(operations.takeUnlogged(10)).toEqual([]);
  });

  it('give one to the log again when it is noted late', () => {
    const operations = new OwnOperations();
    operations.note(50, noted(50));
    operations.takeUnlogged(10);
    operations.note(7, noted(7));
    expect(operations.takeUnlogged(10).map(([number]) => number)).toEqual([7, 50]);
  });
});
