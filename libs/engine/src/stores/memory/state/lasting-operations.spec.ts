import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REMEMBER_SETTLED_MS, type SettleRequest } from '../../settlement.js';
import { REMEMBER_MS } from '../../take.js';
import { LastingOperations } from './lasting-operations.js';
import { MemoryState } from './memory-state.js';

const COUNTED = { outcome: 'counted' } as const;

describe('LastingOperations', () => {
  let now: number;
  let state: MemoryState;
  let lasting: LastingOperations;
  beforeEach(() => {
    now = 1_000_000;
    state = new MemoryState(() => now, { machineClock: () => now });
    lasting = new LastingOperations(state, () => now);
  });
  afterEach(() => {
    lasting.close();
    state.close();
  });

  const count = (id: string) =>
    state.remember(id, {
      ...{ content: '1', attempts: 'a', at: now, until: now + REMEMBER_SETTLED_MS, voided: false },
      countedAt: now,
    });
  const settlement = (id: string, rememberMs: number): SettleRequest => ({
    ...{ intent: 'count', counters: [], amount: 1, operation: { id, content: '1', attempt: 'a' } },
    ...{ decidedAt: now, rememberMs },
  });
  const pass = (ms: number) => {
    for (const until = now + ms; now < until; now += REMEMBER_MS / 3) {
      lasting.refresh(Infinity);
      state.sweep();
    }
  };

  it('are remembered to their end, all others for fifteen minutes', () => {
    for (const id of ['kept', 'other']) count(id);
    lasting.keep(settlement('kept', REMEMBER_SETTLED_MS), COUNTED);
    pass(REMEMBER_SETTLED_MS - REMEMBER_MS);
    expect(state.operation('kept', now)).toMatchObject({ content: '1', lasting: true });
    expect(state.operation('other', now)).toBeUndefined();
    pass(2 * REMEMBER_MS);
    expect(state.operation('kept', now)).toBeUndefined();
  });

  it('are none that last no longer than others, or are no operation of the settlement', () => {
    for (const id of ['short', 'conflict']) count(id);
    lasting.keep(settlement('short', REMEMBER_MS), COUNTED);
    lasting.keep(settlement('conflict', REMEMBER_SETTLED_MS), { outcome: 'conflict' });
    pass(2 * REMEMBER_MS);
    expect(state.operation('short', now)).toBeUndefined();
    expect(state.operation('conflict', now)).toBeUndefined();
  });

  it('are found again in a state that was restored', () => {
    count('kept');
    lasting.keep(settlement('kept', REMEMBER_SETTLED_MS), COUNTED);
    lasting.close();
    lasting = new LastingOperations(state, () => now);
    pass(2 * REMEMBER_MS);
    expect(state.operation('kept', now)).toBeDefined();
  });

  it('end when something else is remembered under their id', () => {
    count('kept');
    lasting.keep(settlement('kept', REMEMBER_SETTLED_MS), COUNTED);
    count('kept');
    pass(2 * REMEMBER_MS);
    expect(state.operation('kept', now)).toBeUndefined();
  });
});
