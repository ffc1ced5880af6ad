import { describe, expect, it } from '@jest/globals';
import type { CounterRef, SettledLimit } from '@sundial/engine/ports';
import { LocalCounters } from './local-counters.js';
import { LocalHolds } from './local-holds.js';

const NOW = 1_795_000_000_000;
const DAY_MS = 86_400_000;
const bounds = [NOW - 1, NOW + DAY_MS, NOW + 2 * DAY_MS] as const;
const windowIndex = 'current';
const limits: readonly SettledLimit[] = [
  { field: 'd', max: 9, enforced: true, bounds, windowIndex },
  { field: '(day|tokens)', meter: 'tokens', max: 900, enforced: true, bounds, windowIndex },
  { field: '(concurrent)', max: 5, enforced: true, bounds: [0, 8.64e15, 8.64e15], windowIndex },
];
const counters: readonly CounterRef<SettledLimit>[] = [{ key: 'k', shardGroup: 'g', limits }];
const takes = { amount: 1, amounts: { tokens: 70 }, hold: {} };

function holding(onExpiry: 'release' | 'commit' = 'release') {
  const local = new LocalCounters();
  const holds = new LocalHolds(local);
  const counts = () => local.counts(counters, NOW).map(({ used, reserved }) => used + reserved);
  counts();
  for (const [index, id] of ['a', 'b'].entries()) {
    local.count(counters, takes);
    holds.place(id, { counters, takes, expiresAt: NOW + 1_000 * (1 + index), onExpiry });
  }
  return { holds, counts };
}

describe('Reservations that a node placed without the store', () => {
  it('count what they hold, those at once too, until they are released', () => {
    const { holds, counts } = holding();
    expect(counts()).toEqual([2, 140, 2]);
    holds.release('a');
    holds.release('a');
    expect(counts()).toEqual([1, 70, 1]);
    expect(holds.size).toBe(1);
  });

  it('count what they have used, and nothing held, once they are committed', () => {
    const { holds, counts } = holding();
    holds.commit('a', { amount: 1, amounts: { tokens: 200 } });
    expect(counts()).toEqual([2, 270, 1]);
    holds.expire(NOW + 60_000);
    expect(counts()).toEqual([1, 200, 0]);
  });

  it('end with the second in which they expire, by what their expiry does', () => {
    for (const [onExpiry, left] of [
      ['release', [1, 70, 1]],
      ['commit', [2, 140, 1]],
    ] as const) {
      const { holds, counts } = holding(onExpiry);
      holds.expire(NOW + 999);
      expect(counts()).toEqual([2, 140, 2]);
      holds.expire(NOW + 2_000);
      expect(counts()).toEqual(left);
    }
  });

  it('last as long as they were prolonged', () => {
    const { holds, counts } = holding();
    holds.prolong('a', NOW + 9_000);
    holds.expire(NOW + 5_000);
    expect(counts()).toEqual([1, 70, 1]);
    holds.expire(NOW + 11_000);
    expect(counts()).toEqual([0, 0, 0]);
    expect(holds.size).toBe(0);
  });

  it('are no more of one counter than a store would place', () => {
    const { holds } = holding();
    const place = (id: string, expiresAt = NOW + 60_000) =>
      holds.place(id, { counters, takes, expiresAt, onExpiry: 'release' });
    for (let n = 2; n < 10_000; n++) place(`more-${n}`);
    expect(holds.isFull(counters)).toBe(true);
    expect(holds.isFull([{ ...counters[0]!, key: 'another' }])).toBe(false);
    holds.commit('more-2', { amount: 1 });
    expect(holds.isFull(counters)).toBe(false);
    place('more-3', NOW + 90_000);
    place('one more');
    expect(holds.isFull(counters)).toBe(true);
    holds.expire(NOW + 62_000);
    expect(holds.isFull(counters)).toBe(false);
  });

  it('are the store’s once it has recorded them', () => {
    const { holds, counts } = holding();
    holds.settled('a');
    expect(counts()).toEqual([2, 140, 2]);
    holds.expire(NOW + 60_000);
    expect(counts()).toEqual([1, 70, 1]);
  });
});
