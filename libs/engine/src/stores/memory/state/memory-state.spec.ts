import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MARGIN_MS, REMEMBER_MS, type CounterRef } from '../../store.js';
import { MemoryState } from './memory-state.js';
import type { MemoryOperation } from './operation-record.js';

describe('MemoryState', () => {
  let now: number;
  let state: MemoryState;
  beforeEach(() => {
    now = 1_000_000;
    state = new MemoryState(() => now, { machineClock: () => now });
  });
  afterEach(() => state.close());

  const refTo = (key: string): CounterRef => ({ key, shardGroup: '', limits: [] });
  const openWindow = (key: string, resetsAt: number, field = 'h') =>
    state.openCounter(refTo(key)).put({ field, bounds: [0, resetsAt, resetsAt] }, 'current', 1);
  const counted = (): MemoryOperation => ({
    content: '1',
    until: Infinity,
    attempts: 'a',
    at: 0,
    voided: false,
    countedAt: now,
  });

  it('drop a counter when the last of its windows has been over for the margin', () => {
    openWindow('k', now + 1_000);
    openWindow('k', now + 5_000, 'd');
    now += 4_999 + MARGIN_MS;
    sweepAll();
    expect(state.counter(refTo('k'))).toBeDefined();
    now += 1;
    sweepAll();
    expect(state.counter(refTo('k'))).toBeUndefined();
    expect(state.size.counters).toBe(0);
  });

  it('find a counter again for one that asked before, until they drop it', () => {
    const ref = refTo('k');
    openWindow('k', now);
    const counter = state.counter(ref);
    expect(ref.place).toBe(counter);
    expect(state.counter({ ...ref, key: 'not looked at' })).toBe(counter);
    now += MARGIN_MS;
    sweepAll();
    expect(state.counter(ref)).toBeUndefined();
    expect(state.openCounter(ref)).not.toBe(counter);
    expect(state.counter(refTo('k'))).toBe(state.counter(ref));
  });

  it('knows no counter of another state, also for a reference that was used with that one', () => {
    const others = new MemoryState(() => now);
    const ref = refTo('k');
    const theirs = others.openCounter(ref);
    expect(state.counter(ref)).toBeUndefined();
    expect(state.openCounter(ref)).not.toBe(theirs);
    expect(others.counter(ref)).toBe(theirs);
    others.close();
  });

  it('keep up with more dead counters than one sweep looks at', () => {
    for (let i = 0; i < 50_000; i++) openWindow(`k${i}`, now);
    openWindow('alive', now + MARGIN_MS);
    now += MARGIN_MS;
    sweepAll();
    expect(state.size.counters).toBe(1);
    expect(state.counter(refTo('alive'))).toBeDefined();
  });

  it('look at a bounded number of counters at a time', () => {
    for (let i = 0; i < 50_000; i++) openWindow(`k${i}`, now);
    now += MARGIN_MS;
    state.sweep();
    expect(state.size.counters).toBe(30_000);
  });

  it('remember an operation for the promised time, and not a moment longer', () => {
    state.remember('o', counted());
    now += REMEMBER_MS - 1;
    expect(state.operation('o', now)).toMatchObject({ content: '1' });
    now += 1;
    expect(state.operation('o', now)).toBeUndefined();
  });

  it('remember what was said of an operation last', () => {
    state.remember('o', counted());
    state.remember('o', { ...counted(), voided: true });
    expect(state.operation('o', now)).toMatchObject({ voided: true });
  });

  function sweepAll(): void {
    for (let i = 0; i < 10; i++) state.sweep();
  }
});
