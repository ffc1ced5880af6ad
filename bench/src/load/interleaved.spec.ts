import { describe, expect, it } from '@jest/globals';
import { interleaved } from './interleaved.js';

describe('interleaved', () => {
  it('measures every competitor once a round, in turn', async () => {
    const order: string[] = [];
    const measure = (name: string) => async () => order.push(name);
    const results = await interleaved(2, { a: measure('a'), b: measure('b') });
    expect(order).toEqual(['a', 'b', 'a', 'b']);
    expect(results).toEqual({ a: [1, 3], b: [2, 4] });
  });
});
