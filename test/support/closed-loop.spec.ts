import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { closedLoop } from './closed-loop.js';

describe('closedLoop', () => {
  it('has one call of each caller at a time, and the next as soon as that is answered', async () => {
    const open = new Map<string, number>();
    const indices: number[] = [];
    const answered = await closedLoop({
      callers: ['a', 'b', 'c'],
      isOver: () => indices.length >= 30,
      call: async (caller, index) => {
        open.set(caller, (open.get(caller) ?? 0) + 1);
        expect(open.get(caller)).toBe(1);
        indices.push(index);
        await sleep(1);
        open.set(caller, 0);
      },
    });
    expect(answered).toBe(indices.length);
    expect(indices).toEqual(indices.map((_, index) => index));
  });

  it('ends for every caller when a call is rejected, and says why', async () => {
    let calls = 0;
    const loop = closedLoop({
      callers: [1, 2],
      isOver: () => false,
      call: async (caller) => {
        calls++;
        await sleep(1);
        if (caller === 1) throw new Error('lost');
      },
    });
    await expect(loop).rejects.toThrow('lost');
    await sleep(10);
    expect(calls).toBeLessThanOrEqual(3);
  });
});
