import type { CounterRef } from '@sundial/engine/ports';
import { describe, expect, it } from '@jest/globals';
import { joinCounts, splitByShard } from './shards.js';

const LIMIT = { field: 'd', max: 1, enforced: true, bounds: [0, 1, 2] } as const;

const counter = (shardGroup: string, limits: number): CounterRef => ({
  key: `${shardGroup}-${limits}`,
  shardGroup,
  ladder: Array.from({ length: limits }, (_, i) => ({
    ...{ field: String(i), max: 1, enforced: true, bounds: [0, 1, 2] },
  })),
});

describe('splitByShard', () => {
  const counters = [counter('a', 2), counter('b', 1), counter('a', 1), counter('c', 2), counter('b', 2)];
  const shards = splitByShard(counters);

  it('puts counters of one group together, groups in the order of their first counter', () => {
    expect(shards.map((shard) => shard.counters.map(({ key }) => key))).toEqual([
      ['a-2', 'a-1'],
      ['b-1', 'b-2'],
      ['c-2'],
    ]);
  });

  it('finds the limits of a shard in a list of all', () => {
    expect(shards.map((shard) => shard.ofLimits([...'01234567']).join(''))).toEqual(['013', '267', '45']);
  });

  it('is undone by joinCounts', () => {
    const counts = Array.from({ length: 8 }, (_, i) => ({ limit: LIMIT, pick: 0 as const, used: i }));
    const apart = shards.map((shard) => shard.ofLimits(counts));
    expect(joinCounts(shards, apart)).toEqual(counts);
  });

  it('has no shards where there are no counters', () => {
    expect(splitByShard([])).toEqual([]);
  });
});
