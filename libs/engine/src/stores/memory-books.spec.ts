import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_OPERATIONS, MemoryBooks, type MemoryOperation } from './memory-books.js';
import { MARGIN_MS, REMEMBER_MS } from './store.js';

const OPERATION: MemoryOperation = { fingerprint: 1, attempts: 'a', at: 0, barred: false };

describe('MemoryBooks', () => {
  let now: number;
  let books: MemoryBooks;
  beforeEach(() => {
    now = 1_000_000;
    books = new MemoryBooks(() => now);
  });
  afterEach(() => books.close());

  const openWindow = (key: string, resetsAt: number) =>
    books.openCounter(key).push({ field: 'h', startsAt: 0, resetsAt, used: 1 });

  it('drop a counter when the last of its windows has been over for the margin', () => {
    openWindow('k', now + 1_000);
    openWindow('k', now + 5_000);
    now += 4_999 + MARGIN_MS;
    sweepAll();
    expect(books.counter('k')).toBeDefined();
    now += 1;
    sweepAll();
    expect(books.counter('k')).toBeUndefined();
    expect(books.counters.size).toBe(0);
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
