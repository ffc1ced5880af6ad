import type { CounterRef, Counts } from '@sundial/engine/ports';

/** The counters of a request that live on one shard. */
export interface Shard {
  readonly counters: readonly CounterRef[];
  /** Picks this shard's entries out of a list that has one for each limit of the whole request. */
  ofLimits<T>(list: readonly T[]): T[];
  /** Where those entries are in the whole list. */
  readonly positions: readonly number[];
}

/** Splits counters by shard group, groups in the order of their first counter. */
export function splitByShard(counters: readonly CounterRef[]): Shard[] {
  const groups = new Map<string, { counters: CounterRef[]; positions: number[] }>();
  let position = 0;
  for (const counter of counters) {
    let group = groups.get(counter.shardGroup);
    if (!group) groups.set(counter.shardGroup, (group = { counters: [], positions: [] }));
    group.counters.push(counter);
    for (let limit = 0; limit < counter.ladder.length; limit++) group.positions.push(position++);
  }
  return [...groups.values()].map((group) => ({
    ...group,
    ofLimits: (list) => group.positions.map((index) => list[index]!),
  }));
}

/** Puts the counts of the shards back into the order of the whole request. */
export function joinCounts(shards: readonly Shard[], counts: readonly Counts[]): Counts {
  const joined: Counts[number][] = [];
  shards.forEach(({ positions }, shard) => {
    positions.forEach((position, index) => (joined[position] = counts[shard]![index]!));
  });
  return joined;
}
