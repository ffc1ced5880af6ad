import type { LimitCeiling, LimitCount, WindowPick } from '../../store.js';

/** The ceiling's part that says which window is meant. */
export type Windows = Pick<LimitCeiling, 'field' | 'bounds'>;

/**
 * The units used in the window that one of a counter's limits is in. Its bounds are the ladder's own array, which all
 * counters under a rule share: of the million instants that there would be, two are kept.
 */
export class MemoryWindow {
  constructor(
    readonly field: string,
    public bounds: LimitCeiling['bounds'],
    public pick: WindowPick,
    public used: number,
    readonly next: MemoryWindow | undefined,
  ) {}

  get startsAt(): number {
    return this.bounds[this.pick];
  }

  get resetsAt(): number {
    return this.bounds[this.pick + 1]!;
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

  /** `books` are those that it stands in; none when it was dropped, and a holder of it must look it up again. */
  constructor(
    readonly key: string,
    public books: object | undefined,
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

  /** What was used in the picked window, or in the later of the two when the counter is already in that. */
  count<L extends LimitCeiling>(limit: L, pick: WindowPick): LimitCount<L> {
    const window = this.find(limit.field);
    if (window === undefined) return { limit, pick, used: 0 };
    if (window.startsAt === limit.bounds[1]) return { limit, pick: 1, used: window.used };
    return { limit, pick, used: window.startsAt === limit.bounds[pick] ? window.used : 0 };
  }

  put({ field, bounds }: Windows, pick: WindowPick, used: number): void {
    const window = this.find(field);
    if (window === undefined) {
      this.first = new MemoryWindow(field, bounds, pick, used, this.first);
      return;
    }
    window.bounds = bounds;
    window.pick = pick;
    window.used = used;
  }
}
