import type { CounterRef, LimitCount } from '@sundial/engine/ports';
import { describe, expect, it } from '@jest/globals';
import { inOrderOf, splitByShard } from './shards.js';

const counter = (shardGroup: string, limits: number): CounterRef => ({
  key: `${shardGroup}-${limits}`,
  shardGroup,
  limits: Array.from({ length: limits }, (_, i) => ({
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

  it('is undone by inOrderOf: counts come back counter by counter, limit by limit', () => {
    const countsOf = ({ counters: some }: { readonly counters: readonly CounterRef[] }) =>
      some.flatMap((one) =>
        one.limits.map((limit): LimitCount => ({
          counter: one,
          limit,
          windowIndex: 'current',
          used: 1,
          reserved: 0,
        })),
      );
    expect(inOrderOf(counters, shards.flatMap(countsOf))).toEqual(countsOf({ counters }));
    // A node with unsettled units asks with copies whose limits are lower: their counts were lost, and the answer had no such limits.
    const lowered = { counters: counters.map((one) => ({ ...one })) };
    expect(inOrderOf(counters, countsOf(lowered))).toEqual(countsOf({ counters }));
  });

  it('has no shards where there are no counters', () => {
    expect(splitByShard([])).toEqual([]);
  });
});
