import type { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Admission, FRESH_MS, SHED_AFTER_MS } from './admission.js';

/** What one of the requests below keeps the event loop busy for. */
const WORK_MS = 1;

describe('Admission', () => {
  function admitting(
    options: {
      readonly isBlocked?: () => boolean;
      readonly wants?: (n: number) => boolean;
      readonly maxWaitingBytes?: number;
    } = {},
  ) {
    const { isBlocked = () => false, wants, maxWaitingBytes } = options;
    const admission = new Admission(isBlocked, {
      ...(wants && { wantMore: wants }),
      ...(maxWaitingBytes && { maxWaitingBytes }),
    });
    const begun: string[] = [];
    const enter = (
      name: string,
      { key = '', socket = { writable: true }, workMs = 0, laterMs = 0, bytes = 0 } = {},
    ) =>
      admission.enter({
        socket: socket as Socket,
        fairnessKey: key,
        waitingBytes: bytes,
        admit: () => {
          work(workMs);
          process.nextTick(() => work(laterMs));
          begun.push(name);
        },
        shed: () => begun.push(`${name} shed`),
      });
    return { admission, begun, enter };
  }

  const names = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);

  function work(ms: number): void {
    const until = performance.now() + ms;
    while (performance.now() < until);
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(1);
  }

  it('admits together, in their order, what arrived in one turn of the event loop', async () => {
    const { begun, enter } = admitting();
    for (const name of names(20)) enter(name);
    expect(begun).toEqual([]);
    await turn();
    expect(begun).toEqual(names(20));
  });

  /** How many requests each turn begins, of so many that are there at once. */
  async function turnsOf(count: number, costs: { readonly workMs?: number; readonly laterMs?: number }) {
    const { begun, enter } = admitting();
    for (const name of names(count)) enter(name, costs);
    const turns: number[] = [];
    while (begun.length < count) {
      const before = begun.length;
      await turn();
      turns.push(begun.length - before);
    }
    return turns.filter((begun) => begun > 0);
  }

  it('learns to begin no more in one turn than a few milliseconds of work', async () => {
    const turns = await turnsOf(120, { workMs: WORK_MS });
    expect(Math.max(...turns)).toBeLessThan(50);
    expect(Math.max(...turns.slice(5))).toBeLessThan(8);
  });

  it('counts what a request does in its next ticks', async () => {
    const turns = await turnsOf(120, { laterMs: WORK_MS });
    expect(Math.max(...turns.slice(5))).toBeLessThan(8);
  });

  it('begins more in a turn when requests have become cheap again', async () => {
    const { begun, enter } = admitting();
    for (const name of names(100)) enter(name, { workMs: WORK_MS });
    await until(() => begun.length === 100);
    let [before, largest] = [100, 0];
    for (const name of names(2_000)) enter(name);
    for (; begun.length < 2_100; before = begun.length) {
      await turn();
      largest = Math.max(largest, begun.length - before);
    }
    expect(largest).toBeGreaterThan(30);
  });

  it('gives callers turns, however many requests one of them has', async () => {
    const { begun, enter } = admitting();
    for (const name of names(50)) enter(name, { key: 'many', workMs: WORK_MS });
    enter('single', { key: 'few' });
    await until(() => begun.includes('single'));
    expect(begun.indexOf('single')).toBeLessThan(4);
  });

  it('begins nothing while what was begun is held up, and goes on when it is not', async () => {
    let isBlocked = true;
    const { begun, enter } = admitting({ isBlocked: () => isBlocked });
    enter('a');
    await sleep(20);
    expect(begun).toEqual([]);
    isBlocked = false;
    await until(() => begun.length === 1);
  });

  it('sheds what has waited too long, and not before', async () => {
    const { begun, enter } = admitting({ isBlocked: () => true });
    const enteredAt = performance.now();
    enter('a');
    await until(() => begun.length === 1);
    expect(begun).toEqual(['a shed']);
    expect(performance.now() - enteredAt).toBeGreaterThanOrEqual(SHED_AFTER_MS);
  });

  it('sheds those who have waited longest of the actor that has most, where what waits takes too much memory', async () => {
    let isBlocked = true;
    const { admission, begun, enter } = admitting({ isBlocked: () => isBlocked, maxWaitingBytes: 100 });
    enter('b0', { key: 'few', bytes: 30 });
    for (const name of names(4)) enter(name, { key: 'many', bytes: 35 });
    expect(begun).toEqual(['r0 shed', 'r1 shed']);
    expect(admission.waiting).toBe(3);
    isBlocked = false;
    await until(() => admission.waiting === 0);
    expect(begun.slice(2).sort()).toEqual(['b0', 'r2', 'r3']);
    // All of it is free again.
    isBlocked = true;
    await turn();
    for (const name of names(2)) enter(name, { key: 'many', bytes: 50 });
    expect(begun).toHaveLength(5);
  });

  it('lets fresh requests by before those whose callers have likely gone', async () => {
    let isBlocked = true;
    const { begun, enter } = admitting({ isBlocked: () => isBlocked });
    enter('older');
    enter('old');
    await sleep(FRESH_MS + 20);
    enter('fresh');
    isBlocked = false;
    await until(() => begun.length === 3);
    expect(begun).toEqual(['fresh', 'old', 'older']);
  });

  it('forgets a request whose caller has hung up', async () => {
    let isBlocked = true;
    const { admission, begun, enter } = admitting({ isBlocked: () => isBlocked });
    const socket = { writable: true };
    enter('gone', { socket });
    enter('here');
    socket.writable = false;
    isBlocked = false;
    await until(() => admission.waiting === 0);
    expect(begun).toEqual(['here']);
  });

  it('asks for as many more as a turn can begin, and for none while it is blocked', async () => {
    let isBlocked = false;
    let left = 500;
    const asked: number[] = [];
    const wants = (count: number) => {
      asked.push(count);
      if (count > 0) left -= count;
      return left > 0;
    };
    const { enter } = admitting({ isBlocked: () => isBlocked, wants });
    enter('a');
    await until(() => asked.length > 0);
    isBlocked = true;
    const before = asked.length;
    await sleep(10);
    expect(asked.length).toBeLessThanOrEqual(before + 1);
    isBlocked = false;
    await until(() => left <= 0);
    expect(Math.max(...asked)).toBeLessThan(200);
  });
});
