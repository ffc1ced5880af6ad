import { copyFile, mkdir, readdir, readFile, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../../../../../test/support/eventually.js';
import {
  temporaryDirectory,
  type TemporaryDirectory,
} from '../../../../../test/support/temporary-directory.js';
import { makeId } from '../../operations/own-ids.js';
import { settledInCurrent } from '../settled-limits.js';
import type { CounterRef } from '../counter-ref.js';
import { REMEMBER_MS, type TakeRequest } from '../take.js';
import type { LogProgress } from './log/log-recovery.js';
import { MemoryStore, type MemoryStoreOptions } from './memory-store.js';

const HOUR_MS = 3_600_000;
const NOW = Date.now();

describe('MemoryStore with a directory', () => {
  let directory: TemporaryDirectory;
  let now: number;
  const opened: MemoryStore[] = [];
  const open = async (options: MemoryStoreOptions = {}) => {
    const clockOffsetMs = now - Date.now();
    const store = await MemoryStore.open({ directory: directory.path, clockOffsetMs, ...options });
    opened.push(store);
    return store;
  };
  beforeEach(async () => {
    now = NOW;
    directory = await temporaryDirectory();
  });
  afterEach(async () => {
    await Promise.allSettled(opened.splice(0).map((store) => store.close()));
    await directory.remove();
  });
  const segments = async () => (await readdir(directory.path)).filter((name) => name.endsWith('.log')).sort();
  const pathOf = (name: string) => join(directory.path, name);
  const readAll = async () =>
    Buffer.concat(await Promise.all((await segments()).map((name) => readFile(pathOf(name)))));

  it('keeps counters, operations and what was voided over a restart', async () => {
    const first = await open();
    first.take(taking('a', 3));
    const lost = { ...taking('b', 1), counters: settledInCurrent(counters), hold: undefined };
    first.settle({ ...lost, intent: 'void', decidedAt: NOW });
    await first.close();
    const second = await open();
    expect(usedIn(second)).toBe(3);
    expect(second.take(taking('a', 3)).outcome).toBe('replayed');
    expect(second.take(taking('b', 1)).outcome).toBe('expired');
    expect(second.damages).toEqual([]);
  });

  it('keeps operations under ids that the process made, for one that repeats them later', async () => {
    const first = await open();
    const { id, number } = makeId();
    const own = { ...taking(id, 2), operation: { id, number, content: '7', attempt: id } };
    first.take(own);
    await first.close();
    const second = await open();
    const again = { id, content: '7', attempt: 'another' };
    expect(second.take({ ...own, operation: again }).outcome).toBe('replayed');
    expect(second.take({ ...own, operation: { ...again, content: '8' } }).outcome).toBe('conflict');
  });

  it('keeps them over as many restarts as there are, and writes nothing when nothing changes', async () => {
    const first = await open();
    first.take(taking('a', 2));
    await first.close();
    const before = await readAll();
    await (await open()).close();
    const third = await open();
    third.read({ counters });
    third.take(taking('a', 2));
    third.take(taking('refused', 20_000));
    expect(usedIn(third)).toBe(2);
    await third.close();
    expect((await readAll()).equals(before)).toBe(true);
  });

  it('forgets an operation when its time is over, also when that passes between two processes', async () => {
    const first = await open();
    first.take(taking('a', 2));
    await first.close();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + REMEMBER_MS + 1_000);
    const second = await open();
    expect(second.take(taking('a', 2)).outcome).toBe('taken');
    clock.mockRestore();
  });

  it('keeps far more of them than one group holds, in several segments', async () => {
    const first = await open();
    const many = Array.from({ length: 150_000 }, (_, i) => [refTo(`counter-${i}`)]);
    for (const [i, each] of many.entries()) {
      first.take({ ...taking(`o${i}`, (i % 100) + 1), counters: each });
      if (i % 10_000 === 0) await sleep(60);
    }
    await first.close();
    expect((await segments()).length).toBeGreaterThan(1);
    const second = await open();
    expect(second.size).toMatchObject({ counters: 150_000, operations: 150_000 });
    const wrong = many.filter((each, i) => {
      const read = second.read({ counters: each });
      return !('counts' in read && read.counts.length === 1 && read.counts[0]!.used === (i % 100) + 1);
    });
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(second.take({ ...taking('o149999', 1), counters: many[0]! }).outcome).toBe('conflict');
  });

  it('keeps counts beyond 32 bits', async () => {
    const first = await open();
    const settled = { ...taking('a', Number.MAX_SAFE_INTEGER), counters: settledInCurrent(counters) };
    first.settle({ ...settled, hold: undefined, intent: 'count', decidedAt: NOW });
    await first.close();
    expect(usedIn(await open())).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('has written what it counted within a moment, for a process that is killed', async () => {
    const store = await open();
    store.take(taking('a', 1));
    await sleep(300);
    const copy = await temporaryDirectory();
    for (const name of await segments()) await copyFile(pathOf(name), join(copy.path, name));
    const survivor = await MemoryStore.open({ directory: copy.path, clockOffsetMs: now - Date.now() });
    expect(usedIn(survivor)).toBe(1);
    await survivor.close();
    await copy.remove();
  });

  it('has files that are for its user alone', async () => {
    const inner = join(directory.path, 'made', 'by-itself');
    const store = await open({ directory: inner });
    store.take(taking('a', 1));
    await store.close();
    const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect(await modeOf(inner)).toBe('700');
    for (const name of await readdir(inner)) expect(await modeOf(join(inner, name))).toBe('600');
  });

  it('says when it cannot write, goes on counting, and says when all is written again', async () => {
    const reported: (string | null)[] = [];
    const store = await open({
      onTrouble: (error) => reported.push(error && (error as NodeJS.ErrnoException).code!),
    });
    await mkdir(pathOf('counters-00000001.log'));
    for (let i = 0; i < 5_000; i++) store.take(taking(`o${i}`, 1));
    await eventually(() => reported.length > 0);
    expect(reported).toEqual(['EISDIR']);
    for (let i = 0; i < 5_000; i++) store.take(taking(`p${i}`, 1));
    await rmdir(pathOf('counters-00000001.log'));
    await eventually(() => reported.length > 1, { withinMs: 5_000 });
    expect(reported).toEqual(['EISDIR', null]);
    await store.close();
    const second = await open();
    expect(usedIn(second)).toBe(10_000);
    expect(second.size.operations).toBe(10_000);
  });

  it('rejects at its close when it cannot write', async () => {
    const store = await open();
    await mkdir(pathOf('counters-00000001.log'));
    store.take(taking('a', 1));
    await expect(store.close()).rejects.toThrow('EISDIR');
  });

  it('says how far it is while it reads a log that takes longer', async () => {
    const first = await open();
    for (let i = 0; i < 200_000; i++) {
      first.take(taking(`o${i}`, 0.01));
      if (i % 10_000 === 0) await sleep(1);
    }
    await first.close();
    const ticking = jest.spyOn(performance, 'now');
    let ticks = 0;
    ticking.mockImplementation(() => (ticks += 2_000));
    const reported: LogProgress[] = [];
    await open({ onProgress: (progress) => reported.push(progress) });
    ticking.mockRestore();
    expect(reported.length).toBeGreaterThan(1);
    expect(reported.every(({ bytes }, i) => bytes > (reported[i - 1]?.bytes ?? 0))).toBe(true);
    expect(reported.at(-1)!.bytes).toBe(reported.at(-1)!.totalBytes);
  });
});

describe('MemoryStore without a directory', () => {
  it('ends a window and a deadline in the very millisecond', async () => {
    const store = await MemoryStore.open();
    const [{ limits }] = counters as [CounterRef];
    const [, endsAt] = limits[0]!.bounds;
    const now = jest.spyOn(Date, 'now');
    const takeAt = (instant: number) => {
      now.mockReturnValue(instant);
      return store.take({ ...taking(`at-${instant}`, 1), deadlineAt: endsAt });
    };
    expect(takeAt(endsAt - 1)).toMatchObject({
      outcome: 'taken',
      counts: [{ windowIndex: 'current', used: 1 }],
    });
    expect(takeAt(endsAt)).toMatchObject({ outcome: 'taken', counts: [{ windowIndex: 'next', used: 1 }] });
    expect(takeAt(endsAt + 1)).toEqual({ outcome: 'expired' });
    now.mockRestore();
    await store.close();
  });

  it('begins empty', async () => {
    const store = await MemoryStore.open();
    expect(store.read({ counters })).toMatchObject({
      outcome: 'read',
      counts: [{ windowIndex: 'current', used: 0 }],
    });
    await store.close();
  });
});

const refTo = (key: string): CounterRef => ({
  key,
  shardGroup: 'ocr:user=u1',
  limits: [
    {
      field: 'd',
      max: 10_000,
      enforced: true,
      bounds: [NOW - HOUR_MS, NOW + HOUR_MS, NOW + 2 * HOUR_MS],
    },
  ],
});

const counters: readonly CounterRef[] = [refTo('sd1:{ocr:user=u1}:rule')];

function taking(id: string, amount: number): TakeRequest {
  const operation = { id, content: String(amount), attempt: `attempt-of-${id}` };
  return { counters, operation, amount, deadlineAt: Infinity };
}

function usedIn(store: MemoryStore): number | undefined {
  const result = store.read({ counters });
  return 'counts' in result ? result.counts[0]!.used : undefined;
}
