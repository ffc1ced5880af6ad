import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FairQueue } from './fair-queue.js';

describe('A fair queue', () => {
  function filled(keys: Readonly<Record<string, number>>): FairQueue<string> {
    const queue = new FairQueue<string>();
    for (const [key, items] of Object.entries(keys)) {
      for (let item = 0; item < items; item++) queue.add(`${key}${item}`, key);
    }
    return queue;
  }

  it('keeps the order under one key', () => {
    const queue = filled({ a: 5 });
    expect(queue.take(3)).toEqual(['a0', 'a1', 'a2']);
    expect(queue.take(3)).toEqual(['a3', 'a4']);
    expect(queue.size).toBe(0);
    expect(queue.take(3)).toEqual([]);
  });

  it('gives each fairness key its share, and what one leaves to the others', () => {
    const taken = filled({ a: 100, b: 1, c: 100 }).take(9).sort();
    expect(taken).toEqual(['a0', 'a1', 'a2', 'a3', 'b0', 'c0', 'c1', 'c2', 'c3']);
  });

  it('lets a newcomer in at once, however many wait under another key', () => {
    const queue = filled({ flood: 10_000 });
    queue.take(32);
    queue.add('calm0', 'calm');
    expect(queue.take(32)).toContain('calm0');
  });

  it('shares among outer keys first, then among the inner ones of each', () => {
    const queue = new FairQueue<string>();
    for (let connection = 0; connection < 50; connection++)
      for (let item = 0; item < 3; item++) queue.add(`many${connection}`, 'many', `c${connection}`);
    for (let item = 0; item < 10; item++) queue.add('few', 'few', 'c0');
    const taken = queue.take(8);
    expect(taken.filter((item) => item === 'few')).toHaveLength(4);
    expect(new Set(taken).size).toBe(5);
    expect(queue.size).toBe(152);
  });

  it('lets go of what was taken under a key that never empties', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const queue = new FairQueue<object>();
    const taken: WeakRef<object>[] = [];
    queue.add({}, 'a');
    for (let n = 0; n < 5_000; n++) {
      queue.add({}, 'a');
      taken.push(new WeakRef(queue.take(1)[0]!));
    }
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      collect();
      expect(taken.filter((item) => item.deref() !== undefined).length).toBeLessThan(2_500);
    });
  });

  it('serves more fairness keys than fit into one take in turn', () => {
    const queue = filled({ a: 3, b: 3, c: 3, d: 3 });
    expect([queue.take(2), queue.take(2), queue.take(2)]).toEqual([
      ['a0', 'b0'],
      ['c0', 'd0'],
      ['a1', 'b1'],
    ]);
    expect(queue.size).toBe(6);
  });
});
