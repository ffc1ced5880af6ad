import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DeadlineQueue } from './deadline-queue.js';

interface Due {
  readonly item: string;
  readonly at: number;
}

function queueOf(): { queue: DeadlineQueue<string>; due: Due[] } {
  const due: Due[] = [];
  const queue = new DeadlineQueue<string>((item) => due.push({ item, at: performance.now() }));
  return { queue, due };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

function stall(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return performance.now();
}

describe('DeadlineQueue', () => {
  it('declares late what was not answered, in the order of the deadlines and none too early', async () => {
    const { queue, due } = queueOf();
    const dueAts = Array.from({ length: 3_000 }, () => performance.now() + 5 + 40 * Math.random());
    dueAts.forEach((dueAt, index) => queue.add(String(index), dueAt));
    await until(() => due.length === dueAts.length);
    const dueAtOf = ({ item }: Due) => dueAts[Number(item)]!;
    expect(due).toEqual(due.toSorted((a, b) => dueAtOf(a) - dueAtOf(b)));
    expect(due.filter((entry) => entry.at < dueAtOf(entry))).toEqual([]);
  });

  it('takes a new one from the callback of a late one', async () => {
    const due: number[] = [];
    const queue: DeadlineQueue<number> = new DeadlineQueue((item) => {
      due.push(item);
      if (item < 10) queue.add(item + 10, performance.now() + 5);
    });
    for (const item of [1, 2, 3]) queue.add(item, performance.now() + 5);
    await until(() => due.length === 6);
    expect(due).toEqual([1, 2, 3, 11, 12, 13]);
  });

  it('says nothing of what was answered', async () => {
    const { queue, due } = queueOf();
    const now = performance.now();
    const answered = queue.add('answered', now + 5);
    queue.add('unanswered', now + 10);
    answered.done = true;
    await until(() => due.length > 0);
    await sleep(5);
    expect(due.map(({ item }) => item)).toEqual(['unanswered']);
  });

  it('meets an earlier deadline that comes after a later one', async () => {
    const { queue, due } = queueOf();
    const now = performance.now();
    queue.add('in a minute', now + 60_000);
    queue.add('soon', now + 20);
    queue.add('sooner', now + 10);
    await until(() => due.length === 2);
    expect(due.map(({ item }) => item)).toEqual(['sooner', 'soon']);
  });

  it('starts again after it was empty', async () => {
    const { queue, due } = queueOf();
    for (const item of ['first', 'second', 'third']) {
      queue.add(item, performance.now() + 3);
      await until(() => due.at(-1)?.item === item);
    }
    expect(due).toHaveLength(3);
  });

  it('needs one timer for any number of deadlines', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const { queue, due } = queueOf();
    const dueAt = performance.now() + 20;
    for (let item = 0; item < 10_000; item++) queue.add('call', dueAt);
    const armed = timers.mock.calls.length;
    timers.mockRestore();
    expect(armed).toBe(1);
    await until(() => due.length === 10_000);
  });
});

describe('DeadlineQueue in an event loop that stalls', () => {
  const CALLS = 20;
  /** How many bytes the echo has sent back in its life. */
  const echoed = new Int32Array(new SharedArrayBuffer(4));
  let echo: Worker;
  let socket: Socket;
  beforeAll(async () => {
    echo = new Worker(ECHO, { eval: true, workerData: echoed });
    const [port] = (await once(echo, 'message')) as [number];
    socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
  });
  afterAll(async () => {
    socket.destroy();
    await echo.terminate();
  });

  /** Calls an echo `CALLS` times, and stalls over their deadline and until all replies have arrived. */
  async function callAndStall(stallMs: number): Promise<Due[]> {
    const { queue, due } = queueOf();
    const dueAt = performance.now() + stallMs - Math.min(stallMs / 2, 50);
    const deadlines = Array.from({ length: CALLS }, () => queue.add('call', dueAt));
    let answers = 0;
    const answered = (chunk: Buffer) => {
      for (let i = 0; i < chunk.length; i++) deadlines[answers++]!.done = true;
    };
    socket.on('data', answered);
    const all = Atomics.load(echoed, 0) + CALLS;
    deadlines.forEach(() => socket.write('.'));
    stall(stallMs);
    while (Atomics.load(echoed, 0) < all);
    await until(() => answers === CALLS);
    socket.off('data', answered);
    return due;
  }

  it.each([100, 12])('counts replies as in time that arrive in a stall of %d ms', async (stallMs) => {
    for (let round = 0; round < 5; round++) {
      expect(await callAndStall(stallMs)).toEqual([]);
      await turn();
    }
  });

  it('gives calls that the stall kept from leaving a moment to be answered', async () => {
    const { queue, due } = queueOf();
    queue.add('call', performance.now() + 50);
    const stallEndedAt = stall(100);
    await until(() => due.length > 0);
    expect(due[0]!.at - stallEndedAt).toBeGreaterThan(4);
  });
});

/** Another thread answers while this one stalls. */
const ECHO = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer((socket) => {
    socket.setNoDelay(true).on('data', (chunk) => {
      socket.write(chunk);
      Atomics.add(workerData, 0, chunk.length);
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;
