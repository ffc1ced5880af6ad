import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_OPERATIONS, MemoryBooks, type MemoryOperation } from './memory-books.js';
import { MARGIN_MS, REMEMBER_MS, type CounterRef } from './store.js';

const OPERATION: MemoryOperation = { fingerprint: 1, attempts: 'a', at: 0, barred: false };

describe('MemoryBooks', () => {
  let now: number;
  let books: MemoryBooks;
  beforeEach(() => {
    now = 1_000_000;
    books = new MemoryBooks(() => now);
  });
  afterEach(() => books.close());

  const refTo = (key: string): CounterRef => ({ key, shardGroup: '', ladder: [] });
  const openWindow = (key: string, resetsAt: number, field = 'h') =>
    books.openCounter(refTo(key)).put({ field, bounds: [0, resetsAt, resetsAt] }, 0, 1);

  it('drop a counter when the last of its windows has been over for the margin', () => {
    openWindow('k', now + 1_000);
    openWindow('k', now + 5_000, 'd');
    now += 4_999 + MARGIN_MS;
    sweepAll();
    expect(books.counter(refTo('k'))).toBeDefined();
    now += 1;
    sweepAll();
    expect(books.counter(refTo('k'))).toBeUndefined();
    expect(books.counters.size).toBe(0);
  });

  it('find a counter again by whoever asked for it before, until they drop it', () => {
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

  it('know no counter of other books, whoever asked those before', () => {
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
    expect([...books.counters.keys()]).toEqual(['alive']);
  });

  it('look at a bounded number of counters at a time', () => {
    for (let i = 0; i < 50_000; i++) openWindow(`k${i}`, now);
    now += MARGIN_MS;
    books.sweep();
    expect(books.counters.size).toBe(30_000);
  });

  it('remember an operation for the promised time, and some of them not a moment longer', () => {
    now += REMEMBER_MS - 1;
    books.remember('o', OPERATION);
    books.sweep();
    now += 1;
    books.sweep();
    now += REMEMBER_MS - 2;
    books.sweep();
    expect(books.operation('o')).toEqual(OPERATION);
    now += 2;
    books.sweep();
    expect(books.operation('o')).toBeUndefined();
  });

  it('remember what was said of an operation last, whichever generation it is from', () => {
    books.remember('o', OPERATION);
    now += REMEMBER_MS;
    books.sweep();
    books.remember('o', { ...OPERATION, barred: true });
    expect(books.operation('o')).toMatchObject({ barred: true });
    expect(new Map(books.operations()).get('o')).toMatchObject({ barred: true });
  });

  it('list every operation, also when a generation ends while they are listed', () => {
    books.remember('a', OPERATION);
    now += REMEMBER_MS;
    books.sweep();
    books.remember('b', OPERATION);
    const listing = books.operations();
    const listed = [listing.next().value];
    now += REMEMBER_MS;
    books.sweep();
    listed.push(...listing);
    expect(listed.map((entry) => (entry as [string, MemoryOperation])[0])).toEqual(['a', 'b']);
  });

  it('never hold more operations than the bound, and forget the oldest first', () => {
    for (let i = 0; i <= MAX_OPERATIONS; i++) books.remember(String(i), OPERATION);
    expect([...books.operations()].length).toBeLessThanOrEqual(MAX_OPERATIONS);
    expect(books.operation('0')).toBeUndefined();
    expect(books.operation(String(MAX_OPERATIONS / 2))).toBeDefined();
    expect(books.operation(String(MAX_OPERATIONS))).toBeDefined();
  });

  function sweepAll(): void {
    for (let i = 0; i < 10; i++) books.sweep();
  }
});
