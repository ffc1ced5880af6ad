import { readFileSync } from 'node:fs';

interface Theft {
  readonly from: number;
  readonly to: number;
  readonly stolenMs: number;
}

const TICK_MS = 2;
const NOTICEABLE_MS = 0.5;

/**
 * Notices when the machine gave the processor to others while this process wanted to run: a tick that came late
 * although the event loop's thread did not compute. What it kept itself busy with is not excused.
 */
export class StolenTime {
  readonly #thefts: Theft[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    let [last, busy] = [performance.now(), computedMs()];
    this.#timer = setInterval(() => {
      const [from, busyBefore] = [last, busy];
      [last, busy] = [performance.now(), computedMs()];
      const stolenMs = last - from - TICK_MS - (busy - busyBefore);
      if (stolenMs > NOTICEABLE_MS) this.#thefts.push({ from, to: last, stolenMs });
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

/** How long the event loop's thread has computed in its life; where only that is known, all threads together. */
function computedMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  }
}
