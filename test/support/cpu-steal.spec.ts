import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { CpuSteal } from './cpu-steal.js';

/** Of what must be recognized; the rest is noise of the clocks. */
const MOST_OF_IT = 0.5;

function computedMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

describe('CpuSteal', () => {
  let steal: CpuSteal | undefined;
  afterEach(() => steal?.stop());

  it('does not excuse what the process kept itself busy with', async () => {
    steal = CpuSteal.ofThisProcess();
    await sleep(20);
    const from = performance.now();
    const before = process.cpuUsage();
    while (computedMs(process.cpuUsage(before)) < 100);
    const to = performance.now();
    await sleep(20);
    // The rest of the interval other processes may have had: on a busy machine, most of it.
    expect(steal.within(from, to)).toBeLessThan(to - from - 100 * MOST_OF_IT);
  });

  it('knows when its thread was kept from running', async () => {
    steal = CpuSteal.ofThisProcess();
    await sleep(20);
    const from = performance.now();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    await sleep(20);
    expect(steal.within(from, from + 100)).toBeGreaterThan(100 * MOST_OF_IT);
    expect(steal.within(from - 200, from - 100)).toBe(0);
    expect(steal.longestWithin(from + 40, from + 60)).toBeGreaterThan(100 * MOST_OF_IT);
    expect(steal.longestWithin(from - 200, from - 100)).toBe(0);
  });

  it('counts once what was taken from two at the same time', async () => {
    steal = CpuSteal.ofThisProcess();
    await sleep(20);
    const from = performance.now();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    await sleep(20);
    const taken = steal.within(from, from + 100);
    expect(CpuSteal.fromAny([steal, steal], from, from + 100)).toBe(taken);
  });
});
