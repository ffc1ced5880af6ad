import type { CounterRef, PackPart, PacksOfGroups } from '@sundial/engine/ports';

/** What packs gave, of each shard group where there are several. */
export interface Given {
  readonly packs?: readonly PackPart[] | undefined;
  readonly packsOfGroups?: PacksOfGroups | undefined;
}

/** Counters of an operation, with what packs gave beside them. */
interface Beside<C extends CounterRef> {
  readonly counters: readonly C[];
  readonly parts: readonly PackPart[];
}

const NONE: readonly PackPart[] = [];

/** The counters of an operation, split by which packs gave beside them: a counter of another shard group counts all of it. */
export function byGiving<C extends CounterRef>(
  counters: readonly C[],
  { packs = NONE, packsOfGroups }: Given,
): Beside<C>[] {
  if (packs.length === 0 || packsOfGroups === undefined) return [{ counters, parts: packs }];
  const beside = new Map<readonly PackPart[], C[]>();
  for (const counter of counters) {
    const parts = packsOfGroups.get(counter.shardGroup) ?? NONE;
    const its = beside.get(parts);
    if (its) its.push(counter);
    else beside.set(parts, [counter]);
  }
  return [...beside].map(([parts, its]) => ({ counters: its, parts }));
}
