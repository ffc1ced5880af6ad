import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { closedLoop } from './closed-loop.js';

describe('closedLoop', () => {
  it('has one call on each lane at a time, and the next as soon as that is answered', async () => {
    const open = new Map<string, number>();
    const indices: number[] = [];
    const answered = await closedLoop({
      lanes: ['a', 'b', 'c'],
      isOver: () => indices.length >= 30,
      call: async (lane, index) => {
        open.set(lane, (open.get(lane) ?? 0) + 1);
        expect(open.get(lane)).toBe(1);
        indices.push(index);
        await sleep(1);
        open.set(lane, 0);
      },
    });
    expect(answered).toBe(indices.length);
    expect(indices).toEqual(indices.map((_, index) => index));
  });

  it('ends on every lane when a call is rejected, and says why', async () => {
    let calls = 0;
    const loop = closedLoop({
      lanes: [1, 2],
      isOver: () => false,
      call: async (lane) => {
        calls++;
        await sleep(1);
        if (lane === 1) throw new Error('lost');
      },
    });
    await expect(loop).rejects.toThrow('lost');
    await sleep(10);
    expect(calls).toBeLessThanOrEqual(3);
  });
});
