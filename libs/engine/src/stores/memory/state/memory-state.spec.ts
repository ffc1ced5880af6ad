import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NEVER } from '../../../windows/window.js';
import type { CounterRef } from '../../counter-ref.js';
import { MARGIN_MS } from '../../store.js';
import { REMEMBER_MS } from '../../take.js';
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

  const refTo = (key: string): CounterRef => ({
    key,
    shardGroup: '',
    limits: [{ field: 'h', max: 1, enforced: true, bounds: [0, 1, 2] }],
  });
  const windows = (resetsAt: number, field = 'h') => ({ field, bounds: [0, resetsAt, resetsAt] }) as const;
  const openWindow = (key: string, resetsAt: number, field = 'h', used = 1) =>
    state.put(refTo(key), windows(resetsAt, field), 'current', used);
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
    expect(state.counters.find(refTo('k'))).toBeDefined();
    now += 1;
    sweepAll();
    expect(state.counters.find(refTo('k'))).toBeUndefined();
    expect(state.size.counters).toBe(0);
  });

  it('find a counter again for one that asked before, until they drop it', () => {
    const ref = refTo('k');
    openWindow('k', now);
    const counter = state.counters.find(ref);
    expect(counter).toBeDefined();
    expect(state.counters.find({ ...ref, key: 'not looked at', hash: 0 })).toBe(counter);
    now += MARGIN_MS;
    sweepAll();
    expect(state.counters.find(ref)).toBeUndefined();
    openWindow('j', now + 1);
    expect(state.counters.find(refTo('j'))).toBe(counter);
    expect(state.counters.find(ref)).toBeUndefined();
    state.put(ref, windows(now + 1), 'current', 7);
    expect(state.counters.find(ref)).not.toBe(counter);
    expect(state.counters.window(refTo('k'), 'h')).toMatchObject({ used: 7 });
    expect(state.counters.window(refTo('j'), 'h')).toMatchObject({ used: 1 });
  });

  it('knows no counter of another state, also for a reference that was used with that one', () => {
    const others = new MemoryState(() => now);
    const ref = refTo('k');
    others.put(ref, windows(now + 1), 'current', 5);
    expect(state.counters.find(ref)).toBeUndefined();
    state.put(ref, windows(now + 1), 'current', 2);
    expect(state.counters.window(ref, 'h')).toMatchObject({ used: 2 });
    expect(others.counters.window(ref, 'h')).toMatchObject({ used: 5 });
    others.close();
  });

  it('keep a counter with a window that has no end, until nothing is used of it and the others are over', () => {
    openWindow('k', NEVER, '(total)', 3);
    openWindow('k', now + 1_000);
    now += 1_000 + MARGIN_MS;
    sweepAll();
    expect(state.counters.window(refTo('k'), '(total)')).toMatchObject({ used: 3 });
    openWindow('k', NEVER, '(total)', 0);
    openWindow('k', now + 1_000);
    now += 999 + MARGIN_MS;
    sweepAll();
    expect(state.counters.find(refTo('k'))).toBeDefined();
    now += 1;
    sweepAll();
    expect(state.counters.find(refTo('k'))).toBeUndefined();
  });

  it('look at a bounded number of places at a time, also where counters are few and far between', () => {
    for (let i = 0; i < 400_000; i++) openWindow(`k${i}`, i % 1_000 === 0 ? now + MARGIN_MS : now);
    now += MARGIN_MS;
    for (let i = 0; i < 21; i++) state.sweep();
    expect(state.size.counters).toBe(400);
    now += MARGIN_MS;
    // The room of 16 counters at least is looked at for each of 20,000 steps: two are needed.
    state.sweep();
    expect(state.size.counters).toBeGreaterThan(0);
    state.sweep();
    state.sweep();
    expect(state.size.counters).toBe(0);
  });

  it('keep up with more dead counters than one sweep looks at', () => {
    for (let i = 0; i < 50_000; i++) openWindow(`k${i}`, now);
    openWindow('alive', now + MARGIN_MS);
    now += MARGIN_MS;
    sweepAll();
    expect(state.size.counters).toBe(1);
    expect(state.counters.find(refTo('alive'))).toBeDefined();
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
