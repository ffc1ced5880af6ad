/** What is counted is too much to keep the time of each: it is counted in slices, and leaves a slice at a time. */
const SLICES = 20;

interface Slice {
  /** Which twentieth of `withinMs` it is, counted from time 0. */
  index: number;
  all: number;
  /** Of these, those that a share is about. */
  some: number;
}

export type Counts = Pick<Slice, 'all' | 'some'>;

/** Counts in the current twentieth of `withinMs` and the 19 before it. */
export class SlicedCounts {
  readonly #slices: Slice[];
  readonly #sliceMs: number;

  constructor(withinMs: number) {
    this.#sliceMs = withinMs / SLICES;
    this.#slices = Array.from({ length: SLICES }, () => ({ index: -Infinity, all: 0, some: 0 }));
  }

  add({ all, some }: Counts, at: number): void {
    const index = this.sliceAt(at);
    const slice = this.#slices[index % SLICES]!;
    if (slice.index !== index) Object.assign(slice, { index, all: 0, some: 0 });
    slice.all += all;
    slice.some += some;
  }

  sum(at: number): Counts {
    const oldest = this.oldestAt(at);
    let [all, some] = [0, 0];
    for (const slice of this.#slices) {
      if (slice.index < oldest) continue;
      all += slice.all;
      some += slice.some;
    }
    return { all, some };
  }

  sliceAt(at: number): number {
    return Math.floor(at / this.#sliceMs);
  }

  /** The oldest slice that still counts. */
  oldestAt(at: number): number {
    return this.sliceAt(at) - SLICES + 1;
  }
}
