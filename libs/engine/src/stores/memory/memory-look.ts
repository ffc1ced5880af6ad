import type { KeptLimit, WindowMismatch } from '../own-windows.js';
import type { CounterRef, LimitSpec } from '../counter-ref.js';
import { windowIndexAt } from '../window-index.js';
import type { MemoryOverrides } from './overrides/memory-overrides.js';
import type { MutableCount } from './state/counter-table.js';
import type { MemoryState } from './state/memory-state.js';
import { keptInstead } from './state/own-ends.js';

/** Finds what is in the windows that a request offers. */
export class MemoryLook {
  readonly #state: MemoryState;
  readonly #overrides: MemoryOverrides;

  constructor(state: MemoryState, overrides: MemoryOverrides) {
    this.#state = state;
    this.#overrides = overrides;
  }

  at<L extends LimitSpec>(
    counters: readonly CounterRef<L>[],
    now: number,
  ): MutableCount<L>[] | WindowMismatch {
    const counts: MutableCount<L>[] = [];
    let kept: KeptLimit[] | undefined;
    for (const ref of counters) {
      const counter = this.#state.counters.find(ref);
      for (const limit of ref.limits) {
        const windowIndex = windowIndexAt(limit, now);
        if (windowIndex === undefined) return WINDOW_MISMATCH;
        const count = this.#state.counters.count(counter, ref, limit, windowIndex);
        const override = this.#overrides.of(ref.key, limit.field, now);
        counts.push(override === undefined ? count : { ...count, override });
        if (limit.own === undefined) continue;
        const instead = keptInstead(this.#state.counters, ref, {
          limit,
          windowIndex: count.windowIndex,
          now,
        });
        if (instead !== undefined) (kept ??= []).push(instead);
      }
    }
    return kept === undefined ? counts : { outcome: 'window-mismatch', kept };
  }
}

const WINDOW_MISMATCH = { outcome: 'window-mismatch' } as const;
