import type { CounterRef, LimitCount, LimitSpec, WindowIndex } from '../../store.js';
import { resetsAtOf, startsAtOf } from '../../window-index.js';

/** Of a limit, what says which window is meant. */
export type Windows = Pick<LimitSpec, 'field' | 'bounds'>;

/**
 * The units used in the window that one of a counter's limits is in. Its bounds are the limit's own array, which all
 * counters under a rule share: of the million instants that there would be, two are kept.
 */
export class MemoryWindow {
  constructor(
    readonly field: string,
    public bounds: LimitSpec['bounds'],
    public windowIndex: WindowIndex,
    public used: number,
    readonly next: MemoryWindow | undefined,
  ) {}

  get startsAt(): number {
    return startsAtOf(this, this.windowIndex);
  }

  get resetsAt(): number {
    return resetsAtOf(this, this.windowIndex);
  }
}

/**
 * A counter of the embedded store: of each limit its latest window. They are a chain and not an array, since nearly all
 * that a take costs is the way from object to object in memory that nothing else has touched lately.
 */
export class MemoryCounter {
  first: MemoryWindow | undefined;
  /** What the log lacks of it: nothing, only that it be written once more, or a change. */
  unlogged: 'nothing' | 'copy' | 'change' = 'nothing';
  /** The log segment that it was written to last. */
  segment = 0;

  /** `state` are those that it stands in; none when it was dropped, and a holder of it must look it up again. */
  constructor(
    readonly key: string,
    public state: object | undefined,
  ) {}

  /** When the last of its windows ends. */
  get endsAt(): number {
    let endsAt = -Infinity;
    for (let window = this.first; window !== undefined; window = window.next)
      endsAt = Math.max(endsAt, window.resetsAt);
    return endsAt;
  }

  *windows(): Generator<MemoryWindow> {
    for (let window = this.first; window !== undefined; window = window.next) yield window;
  }

  find(field: string): MemoryWindow | undefined {
    let window = this.first;
    while (window !== undefined && window.field !== field) window = window.next;
    return window;
  }

  /** What was used in this window of the limit, or in the later of the two when the counter is already in that. */
  count<L extends LimitSpec>(counter: CounterRef<L>, limit: L, windowIndex: WindowIndex): MutableCount<L> {
    const window = this.find(limit.field);
    if (window === undefined) return { counter, limit, windowIndex, used: 0 };
    const { startsAt, used } = window;
    if (startsAt === limit.bounds[1]) return { counter, limit, windowIndex: 'next', used };
    const isIn = startsAt === startsAtOf(limit, windowIndex);
    return { counter, limit, windowIndex, used: isIn ? used : 0 };
  }

  put({ field, bounds }: Windows, windowIndex: WindowIndex, used: number): void {
    const window = this.find(field);
    if (window === undefined) {
      this.first = new MemoryWindow(field, bounds, windowIndex, used, this.first);
      return;
    }
    window.bounds = bounds;
    window.windowIndex = windowIndex;
    window.used = used;
  }
}

/** One take's own, until it is answered. */
export type MutableCount<L extends LimitSpec = LimitSpec> = {
  -readonly [Field in keyof LimitCount<L>]: LimitCount<L>[Field];
};
