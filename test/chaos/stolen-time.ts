interface Theft {
  readonly from: number;
  readonly to: number;
  readonly stolenMs: number;
}

const TICK_MS = 2;
const NOTICEABLE_MS = 1;

/**
 * Notices when the machine gave the processor to others while this process wanted to run: a tick that came late
 * although the process did not compute. What the process kept itself busy with is not excused.
 */
export class StolenTime {
  readonly #thefts: Theft[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    let [last, busy] = [performance.now(), process.cpuUsage()];
    this.#timer = setInterval(() => {
      const now = performance.now();
      const { user, system } = process.cpuUsage(busy);
      const stolenMs = now - last - TICK_MS - (user + system) / 1_000;
      if (stolenMs > NOTICEABLE_MS) this.#thefts.push({ from: last, to: now, stolenMs });
      [last, busy] = [now, process.cpuUsage()];
    }, TICK_MS);
  }

  /** How much of a span was stolen. */
  within(from: number, to: number): number {
    let stolen = 0;
    for (const theft of this.#thefts) {
      const shared = Math.min(to, theft.to) - Math.max(from, theft.from);
      if (shared > 0) stolen += Math.min(shared, theft.stolenMs);
    }
    return stolen;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
