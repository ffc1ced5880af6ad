import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MARGIN_MS, REMEMBER_MS, type CounterRef } from '../../store.js';
import { MemoryBooks } from './memory-books.js';
import type { MemoryOperation } from './operation-record.js';

describe('MemoryBooks', () => {
  let now: number;
  let books: MemoryBooks;
  beforeEach(() => {
    now = 1_000_000;
    books = new MemoryBooks(() => now, { machineClock: () => now });
  });
  afterEach(() => books.close());

  const refTo = (key: string): CounterRef => ({ key, shardGroup: '', limits: [] });
  const openWindow = (key: string, resetsAt: number, field = 'h') =>
    books.openCounter(refTo(key)).put({ field, bounds: [0, resetsAt, resetsAt] }, 'current', 1);
  const counted = (): MemoryOperation => ({
    content: '1',
    until: Infinity,
    attempts: 'a',
    at: 0,
    barred: false,
    countedAt: now,
  });

  it('drop a counter when the last of its windows has been over for the margin', () => {
    openWindow('k', now + 1_000);
    openWindow('k', now + 5_000, 'd');
    now += 4_999 + MARGIN_MS;
    sweepAll();
    expect(books.counter(refTo('k'))).toBeDefined();
    now += 1;
    sweepAll();
    expect(books.counter(refTo('k'))).toBeUndefined();
    expect(books.size.counters).toBe(0);
  });

  it('find a counter again for one that asked before, until they drop it', () => {
    const ref = refTo('k');
    openWindow('k', now);
    const counter = books.counter(ref);
    expect(ref.place).toBe(counter);
    expect(books.counter({ ...ref, key: 'not looked at' })).toBe(counter);
    now += MARGIN_MS;
    sweepAll();
    expect(books.counter(ref)).toBeUndefined();
    expect(books.openCounter(ref)).not.toBe(counter);
    expect(books.counter(refTo('k'))).toBe(books.counter(ref));
  });

  it('know no counter of other books, also for one that asked those before', () => {
    const others = new MemoryBooks(() => now);
    const ref = refTo('k');
    const theirs = others.openCounter(ref);
    expect(books.counter(ref)).toBeUndefined();
    expect(books.openCounter(ref)).not.toBe(theirs);
    expect(others.counter(ref)).toBe(theirs);
    others.close();
  });

  it('keep up with more dead counters than one sweep looks at', () => {
    for (let i = 0; i < 50_000; i++) openWindow(`k${i}`, now);
    openWindow('alive', now + MARGIN_MS);
    now += MARGIN_MS;
    sweepAll();
    expect(books.size.counters).toBe(1);
    expect(books.counter(refTo('alive'))).toBeDefined();
  });

  it('look at a bounded number of counters at a time', () => {
    for (let i = 0; i < 50_000; i++) openWindow(`k${i}`, now);
    now += MARGIN_MS;
    books.sweep();
    expect(books.size.counters).toBe(30_000);
  });

  it('remember an operation for the promised time, and not a moment longer', () => {
    books.remember('o', counted());
    now += REMEMBER_MS - 1;
    expect(books.operation('o', now)).toMatchObject({ content: '1' });
    now += 1;
    expect(books.operation('o', now)).toBeUndefined();
  });

  it('remember what was said of an operation last', () => {
    books.remember('o', counted());
    books.remember('o', { ...counted(), barred: true });
    expect(books.operation('o', now)).toMatchObject({ barred: true });
  });

  function sweepAll(): void {
    for (let i = 0; i < 10; i++) books.sweep();
  }
});
