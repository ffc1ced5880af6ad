import type { CounterRef, Counts, LimitCount, LimitSpec } from '@sundial/engine/ports';

/** The counters of a request that live on one shard: at least one. */
export interface Shard<L extends LimitSpec = LimitSpec> {
  readonly counters: readonly CounterRef<L>[];
}

/** Splits counters by shard group, groups in the order of their first counter. */
export function splitByShard<L extends LimitSpec>(counters: readonly CounterRef<L>[]): Shard<L>[] {
  const shards = new Map<string, { readonly counters: CounterRef<L>[] }>();
  for (const counter of counters) {
    const shard = shards.get(counter.shardGroup);
    if (shard === undefined) shards.set(counter.shardGroup, { counters: [counter] });
    else shard.counters.push(counter);
  }
  return [...shards.values()];
}

/** The counts of all shards, in the order of the counters of the whole request: by their keys, since a call that leaves may lower limits. */
export function inOrderOf(counters: readonly CounterRef[], counts: Counts): Counts {
  const byCounter = new Map(counters.map(({ key }): [string, LimitCount[]] => [key, []]));
  for (const count of counts) byCounter.get(count.counter.key)?.push(count);
  return [...byCounter.values()].flat();
}
