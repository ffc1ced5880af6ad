import type { CounterRef, Counts, LimitSet, LimitSpec, WindowIndex } from './counter-ref.js';
import type { SettledLimit } from './settlement.js';

/** The counters of these counts, to be settled: each limit in the window in which it was counted. */
export function settledCounters<L extends LimitSpec>(counts: Counts<L>): CounterRef<L & SettledLimit>[] {
  const settled: CounterRef<L & SettledLimit>[] = [];
  let [counter, windows] = [counts[0]?.counter, ''];
  for (const count of counts) {
    if (counter !== undefined && counter !== count.counter) {
      settled.push(settledCounter(counter, windows));
      windows = '';
    }
    counter = count.counter;
    windows += LETTERS[count.windowIndex];
  }
  if (counter !== undefined) settled.push(settledCounter(counter, windows));
  return settled;
}

/** These counters, to be settled: where limits name no window, in their current ones. */
export function settledInCurrent<L extends LimitSpec>(
  counters: readonly CounterRef<L>[],
): CounterRef<L & SettledLimit>[] {
  return counters.map((counter) =>
    isSettled(counter) ? counter : settledCounter(counter, LETTERS.current.repeat(counter.limits.length)),
  );
}

function isSettled<L extends LimitSpec>(counter: CounterRef<L>): counter is CounterRef<L & SettledLimit> {
  return counter.limits.every((limit) => 'windowIndex' in limit);
}

function settledCounter<L extends LimitSpec>(
  { key, shardGroup, limits, hash }: CounterRef<L>,
  windows: string,
): CounterRef<L & SettledLimit> {
  return { key, shardGroup, limits: settledLimits(limits, windows), place: undefined, hash };
}

/** Given the same limit set and the same windows, a letter each, it answers with the same object: callers cache by it. */
function settledLimits<L extends LimitSpec>(
  limits: LimitSet<L>,
  windows: string,
): LimitSet<L & SettledLimit> {
  let known = settledSets.get(limits) as Map<string, LimitSet<L & SettledLimit>> | undefined;
  if (known === undefined) settledSets.set(limits, (known = new Map()));
  let settled = known.get(windows);
  if (settled === undefined) {
    settled = limits.map((limit, index) => ({
      ...limit,
      windowIndex: windows[index] === LETTERS.next ? 'next' : 'current',
    }));
    known.set(windows, settled);
  }
  return settled;
}

const LETTERS = { current: 'c', next: 'n' } as const satisfies Record<WindowIndex, string>;
/** Nearly always all limits are in their current windows, so there is one settled set for each limit set. */
const settledSets = new WeakMap<LimitSet, Map<string, LimitSet>>();
