/** The last `capacity` instants, in a ring that grows as they come: most channels never fail. */
export class RecentTimes {
  readonly #times: number[] = [];
  #next = 0;

  constructor(private readonly capacity: number) {}

  push(at: number): void {
    this.#times[this.#next] = at;
    this.#next = (this.#next + 1) % this.capacity;
  }

  clear(): void {
    this.#times.length = 0;
    this.#next = 0;
  }

  /** The instant `capacity` instants ago, counting the latest as one; undefined while there are fewer. */
  get oldest(): number | undefined {
    return this.#times.length < this.capacity ? undefined : this.#times[this.#next];
  }
}
