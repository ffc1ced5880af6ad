import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { openLoop } from './open-loop.js';

describe('openLoop', () => {
  it('calls at the rate asked for while earlier calls are unanswered', async () => {
    let open = 0;
    let mostOpen = 0;
    const { arrivals, errors } = await openLoop({
      ratePerSecond: 200,
      durationMs: 300,
      call: async () => {
        mostOpen = Math.max(mostOpen, (open += 1));
        await sleep(100);
        open -= 1;
      },
    });
    expect(arrivals).toHaveLength(60);
    expect(errors).toEqual([]);
    expect(mostOpen).toBeGreaterThanOrEqual(15);
  });

  it('counts latency from when a call was due, also when the sender itself stalls', async () => {
    const { arrivals } = await openLoop({
      ratePerSecond: 100,
      durationMs: 200,
      call: async (index) => {
        const until = performance.now() + (index === 5 ? 100 : 0);
        while (performance.now() < until);
      },
    });
    expect(arrivals.filter(({ latencyMs }) => latencyMs > 20).length).toBeGreaterThanOrEqual(7);
  });

  it('ends on its signal, and still waits for what it began', async () => {
    const end = new AbortController();
    const { arrivals } = await openLoop({
      ratePerSecond: 1_000,
      durationMs: Infinity,
      signal: end.signal,
      call: async (index) => {
        if (index === 9) end.abort();
        await sleep(20);
      },
    });
    expect(arrivals.length).toBeGreaterThanOrEqual(10);
    expect(arrivals.length).toBeLessThan(100);
  });

  it('keeps what failed apart from what was answered', async () => {
    const { arrivals, errors } = await openLoop({
      ratePerSecond: 1_000,
      durationMs: 4,
      call: (index) => (index === 1 ? Promise.reject(new Error('lost')) : Promise.resolve(index)),
    });
    expect(arrivals.map(({ result }) => result)).toEqual([0, 2, 3]);
    expect(errors).toEqual([new Error('lost')]);
  });

  it('makes as many calls where it may block the event loop between them, none before it is due', async () => {
    const { arrivals } = await openLoop({
      ratePerSecond: 2_000,
      durationMs: 100,
      pace: 'nap',
      call: () => Promise.resolve(),
    });
    expect(arrivals).toHaveLength(200);
    expect(Math.min(...arrivals.map(({ latencyMs }) => latencyMs))).toBeGreaterThanOrEqual(0);
  });

  it('gives up on answers that do not come, where it has patience for so long', async () => {
    const never = openLoop({
      ratePerSecond: 100,
      durationMs: 20,
      patienceMs: 30,
      call: () => new Promise(() => undefined),
    });
    await expect(never).rejects.toThrow('2 answers are missing.');
  });
});
