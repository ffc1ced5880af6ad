import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

describe('A fair queue', () => {
  function filled(lanes: Readonly<Record<string, number>>): FairQueue<string, string> {
    const queue = new FairQueue<string, string>();
    for (const [lane, items] of Object.entries(lanes)) {
      for (let item = 0; item < items; item++) queue.add(lane, `${lane}${item}`);
    }
    return queue;
  }

  it('keeps the order of one lane', () => {
    const queue = filled({ a: 5 });
    expect(queue.take(3)).toEqual(['a0', 'a1', 'a2']);
    expect(queue.take(3)).toEqual(['a3', 'a4']);
    expect(queue.size).toBe(0);
    expect(queue.take(3)).toEqual([]);
  });

  it('gives each lane its share, and what a lane leaves to the others', () => {
    const taken = filled({ a: 100, b: 1, c: 100 }).take(9).sort();
    expect(taken).toEqual(['a0', 'a1', 'a2', 'a3', 'b0', 'c0', 'c1', 'c2', 'c3']);
  });

  it('lets a newcomer in at once, however many wait in another lane', () => {
    const queue = filled({ flood: 10_000 });
    queue.take(32);
    queue.add('calm', 'calm0');
    expect(queue.take(32)).toContain('calm0');
  });

  it('serves more lanes than fit into one take in turn', () => {
    const queue = filled({ a: 3, b: 3, c: 3, d: 3 });
    expect([queue.take(2), queue.take(2), queue.take(2)]).toEqual([
      ['a0', 'b0'],
      ['c0', 'd0'],
      ['a1', 'b1'],
    ]);
    expect(queue.size).toBe(6);
  });
});
