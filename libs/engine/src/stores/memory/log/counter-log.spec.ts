import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  temporaryDirectory,
  type TemporaryDirectory,
} from '../../../../../../test/support/temporary-directory.js';
import { NEVER } from '../../../windows/window.js';
import type { CounterRef } from '../../counter-ref.js';
import { MemoryState } from '../state/memory-state.js';
import { CounterLog } from './counter-log.js';
import { segmentNumbers, segmentPath } from './log-segments.js';

const HOUR_MS = 3_600_000;

describe('CounterLog', () => {
  let directory: TemporaryDirectory;
  let now: number;
  beforeEach(async () => {
    now = Date.now();
    directory = await temporaryDirectory();
  });
  afterEach(() => directory.remove());

  const refTo = (key: string): CounterRef => ({ key, shardGroup: '', limits: [] });
  const hour = () => ({ field: 'h', bounds: [now, now + HOUR_MS, now + 2 * HOUR_MS] }) as const;
  const total = { field: '(total)', bounds: [0, NEVER, NEVER] } as const;

  async function open(): Promise<{ state: MemoryState; log: CounterLog }> {
    const state = new MemoryState(() => now);
    const { log, damages } = await CounterLog.open(directory.path, state);
    expect(damages).toEqual([]);
    return { state, log };
  }

  async function close({ state, log }: { state: MemoryState; log: CounterLog }): Promise<void> {
    state.close();
    await log.close();
  }

  it('keeps what is reserved, and windows that do not end', async () => {
    const first = await open();
    first.state.put(refTo('k'), hour(), 'current', 5);
    first.state.put(refTo('k'), total, 'current', 2 ** 40);
    first.state.setReserved(refTo('k'), 'h', 3);
    await close(first);
    const second = await open();
    expect(second.state.counters.window(refTo('k'), 'h')).toMatchObject({ used: 5, reserved: 3 });
    expect(second.state.counters.window(refTo('k'), '(total)')).toEqual({
      field: '(total)',
      startsAt: 0,
      resetsAt: NEVER,
      used: 2 ** 40,
      reserved: 0,
    });
    second.state.setReserved(refTo('k'), 'h', 0);
    await close(second);
    const third = await open();
    expect(third.state.counters.window(refTo('k'), 'h')).toMatchObject({ used: 5, reserved: 0 });
    await close(third);
  });

  it('says nothing of reserved units until there are some: the version before reads what it wrote', async () => {
    const first = await open();
    first.state.put(refTo('k'), hour(), 'current', 5);
    await close(first);
    const [number] = await segmentNumbers(directory.path);
    expect((await readFile(segmentPath(directory.path, number!))).toString('latin1', 0, 4)).toBe('SDL1');
  });

  it('writes a counter that got limits later, whose room was another’s, or that was dropped, as it is', async () => {
    const first = await open();
    const { state } = first;
    for (let n = 0; n < 1_000; n++) state.put(refTo(`a${n}`), hour(), 'current', n);
    const dropped = state.counters.find(refTo('a7'))!;
    state.counters.drop(dropped);
    state.put(refTo('b7'), hour(), 'current', 70);
    expect(state.counters.find(refTo('b7'))).toBe(dropped);
    for (let n = 0; n < 1_000; n += 3) {
      state.put(refTo(`a${n}`), total, 'current', n);
      state.put(refTo(`a${n}`), { ...hour(), field: '(hour|tokens)' }, 'current', n);
    }
    await close(first);
    const { state: read, log } = await open();
    expect(read.size.counters).toBe(1_000);
    expect(read.counters.find(refTo('a7'))).toBeUndefined();
    for (const { counters } of [state, read]) {
      expect(counters.window(refTo('b7'), 'h')).toMatchObject({ used: 70 });
      for (let n = 0; n < 1_000; n++) {
        if (n !== 7) expect(counters.window(refTo(`a${n}`), 'h')).toMatchObject({ used: n });
        expect(counters.window(refTo(`a${n}`), '(total)')?.used).toBe(n % 3 === 0 ? n : undefined);
      }
    }
    await close({ state: read, log });
  });

  it('keeps every counter while it gives up old segments, also those that get limits meanwhile', async () => {
    const first = await open();
    const { state } = first;
    const clock = jest.spyOn(Date, 'now');
    for (let n = 0; n < 3_000; n++) state.put(refTo(`still-${n}`), total, 'current', n + 1);
    for (let round = 0; round < 45; round++) {
      clock.mockReturnValue(now + round * 60_000);
      for (let n = 0; n < 4_000; n++) {
        state.beginChange();
        const busy = refTo(`busy-${n}-${'x'.repeat(500)}`);
        state.put(busy, { ...hour(), field: `(hour|m${round % 5})` }, 'current', round);
      }
      await sleep(80);
      state.sweep();
    }
    clock.mockRestore();
    await close(first);
    const [oldest] = await segmentNumbers(directory.path);
    expect(oldest).toBeGreaterThan(1);
    const second = await open();
    for (let n = 0; n < 3_000; n++)
      expect(second.state.counters.window(refTo(`still-${n}`), '(total)')).toMatchObject({ used: n + 1 });
    await close(second);
  }, 60_000);
});
